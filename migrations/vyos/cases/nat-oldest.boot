nat {
    destination {
        rule 10 {
            destination {
                address 203.0.113.5/24
                port 80
            }
            inbound-interface eth0
            log enable
            protocol tcp
            translation {
                address 192.0.2.10
            }
        }
        rule 11 {
            inbound-interface any
            log disable
            translation {
                address 10.1.2.3/24
            }
        }
        rule 12 {
            inbound-interface eth+
            source {
                address !10.9.8.7/8
            }
        }
    }
    nptv6 {
        rule 10 {
            description "to the provider"
            outbound-interface eth0
            source {
                prefix fc00:1::/64
            }
            translation {
                prefix 2001:db8:1::/64
            }
        }
        rule 20 {
            outbound-interface eth1
            source {
                prefix fc00:2::/64
            }
            translation {
                prefix 2001:db8:2::/64
            }
        }
    }
    source {
        rule 100 {
            outbound-interface eth0.7
            source {
                address 10.0.0.0/24
            }
            translation {
                address masquerade
                options {
                    port-mapping fully-random
                }
            }
        }
        rule 110 {
            outbound-interface any
            source {
                address 10.0.0.1-10.0.0.9
            }
            translation {
                options {
                    address-mapping persistent
                    port-mapping random
                }
            }
        }
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:broadcast-relay@1:cluster@2:config-management@1:conntrack@5:conntrack-sync@2:container@2:dhcp-relay@2:dhcp-server@11:dhcpv6-server@6:dns-dynamic@4:dns-forwarding@4:firewall@17:flow-accounting@1:https@7:ids@1:interfaces@33:ipoe-server@4:ipsec@13:isis@3:l2tp@9:lldp@2:mdns@1:monitoring@1:nat@4:nat66@0:ntp@3:openconnect@3:openvpn@4:ospf@2:pim@1:policy@8:pppoe-server@11:pptp@5:qos@2:quagga@11:reverse-proxy@2:rip@1:rpki@2:salt@1:snmp@3:ssh@2:sstp@6:system@27:vrf@3:vrrp@4:vyos-accel-ppp@2:wanloadbalance@3:webproxy@2"
