interfaces {
    bridge br0 {
        igmp-snooping {
            querier disable
        }
    }
    bridge br1 {
        igmp-snooping {
            querier enable
        }
    }
    ethernet eth0 {
        ipv6 {
            router-advert {
                send-advert true
            }
        }
    }
}


/* Warning: Do not remove the following line. */
/* === vyatta-config-version: "interfaces@0" === */
/* Release version: 1.2.0 */
