interfaces {
    ethernet eth0 {
        policy {
            ipv6-route PBR6
            route PBR
        }
        vif 10 {
            policy {
                ipv6-route PBR6
            }
        }
    }
    ethernet eth1 {
        vif-s 20 {
            policy {
                route PBR
            }
            vif-c 30 {
                policy {
                    route PBR
                }
            }
        }
    }
    wireguard wg0 {
        policy {
            route NEW
        }
    }
}
policy {
    ipv6-route PBR6 {
        enable-default-log
        rule 10 {
            protocol tcp
            set {
                table 11
            }
            tcp {
                flags SYN,ACK,!URG
            }
        }
    }
    local-route {
        rule 101 {
            destination 192.0.2.0/24
            destination 198.51.100.0/24
            set {
                table 101
            }
            source 203.0.113.1
        }
    }
    local-route6 {
        rule 20 {
            set {
                table 20
            }
            source 2001:db8::1
        }
    }
    route PBR {
        rule 10 {
            log enable
            protocol tcp
            set {
                table 10
            }
            state {
                established enable
                new disable
            }
            tcp {
                flags SYN
            }
        }
        rule 20 {
            log disable
            state {
                related disable
            }
        }
    }
    route-map EMPTY {
        description "no rules"
    }
    route-map RM {
        rule 10 {
            action permit
            match {
                ipv6 {
                    nexthop 2001:db8::99
                }
            }
            set {
                as-path-exclude 65001
                as-path-prepend "65000 65000"
                community "65000:1 65000:2 additive"
                comm-list {
                    comm-list OLD
                    delete
                }
                extcommunity-rt "65000:10 65000:20"
                extcommunity-soo 65000:30
                large-community "65000:1:1"
                large-comm-list-delete LARGE
            }
        }
        rule 20 {
            action permit
            set {
                comm-list {
                    comm-list OLD
                    delete
                }
                large-community "65000:1:1 65000:1:2 additive"
                large-comm-list-delete LARGE
            }
        }
        rule 30 {
            action permit
            set {
                community none
                comm-list {
                    comm-list OLD
                    delete
                }
                large-community none
            }
        }
        rule 40 {
            action permit
            set {
                community "65000:1 65000:2"
                large-community "65000:5:1 65000:6:2"
            }
        }
        rule 50 {
            action permit
            set {
                large-comm-list-delete LARGE
            }
        }
    }
}
protocols {
    static {
        interface-route 192.0.2.0/24 {
            next-hop-interface eth1 {
                distance 10
            }
            next-hop-interface eth2 {
                disable
                next-hop-vrf red
            }
        }
        interface-route6 2001:db8:1::/48 {
            next-hop-interface wg0 {
            }
        }
        route 0.0.0.0/0 {
            next-hop 203.0.113.1 {
                distance 20
                next-hop-interface eth0
                next-hop-vrf blue
            }
        }
        route 192.0.2.0/24 {
            blackhole {
            }
        }
        route-map RM
        route6 ::/0 {
            next-hop fe80::1 {
                next-hop-interface eth0
            }
        }
        table 10 {
            description "by policy"
            interface-route 0.0.0.0/0 {
                next-hop-interface wg0 {
                }
            }
            route 10.0.0.0/8 {
                next-hop 192.0.2.1 {
                    next-hop-interface eth3
                }
            }
        }
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:broadcast-relay@1:cluster@2:config-management@1:conntrack@5:conntrack-sync@2:container@2:dhcp-relay@2:dhcp-server@11:dhcpv6-server@6:dns-dynamic@4:dns-forwarding@4:firewall@17:flow-accounting@1:https@7:ids@1:interfaces@33:ipoe-server@4:ipsec@13:isis@3:l2tp@9:lldp@2:mdns@1:monitoring@1:nat@8:nat66@3:ntp@3:openconnect@3:openvpn@4:ospf@2:pim@1:pppoe-server@11:pptp@5:qos@2:quagga@7:reverse-proxy@2:rip@1:rpki@2:salt@1:snmp@3:ssh@2:sstp@6:system@27:vrf@3:vrrp@4:vyos-accel-ppp@2:wanloadbalance@3:webproxy@2"
