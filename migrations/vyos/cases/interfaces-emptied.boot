interfaces {
    bridge br5 {
        igmp-snooping {
            querier enable
        }
    }
    ethernet eth3 {
        vif 40 {
            ipv6 {
                router-advert {
                    min-interval 5
                    route 2001:db8:9::/48 {
                        remove-route false
                    }
                }
            }
        }
        vif 41 {
            bridge-group {
                bridge br5
            }
        }
    }
    pppoe pppoe3 {
        default-route auto
        ipv6 {
            enable
        }
        source-interface eth3
    }
}


/* Warning: Do not remove the following line. */
/* === vyatta-config-version: "system@27:interfaces@0" === */
/* Release version: 1.2.0 */
