protocols {
    igmp {
        interface eth0 {
            join 224.1.0.0 {
                source 192.0.2.1
                source 192.0.2.2
            }
            join 224.2.0.0 {
            }
            query-interval 100
            query-max-response-time 30
            version 2
        }
        interface eth1 {
        }
    }
    isis {
        net 49.0001.1921.6800.1002.00
        route-map RM
        segment-routing {
            enable
            maximum-label-depth 8
        }
    }
    ospf {
        area 0 {
            network 192.0.2.0/24
        }
        passive-interface eth0
        passive-interface eth1.10
        route-map RM
    }
    ospfv3 {
        area 0.0.0.0 {
            interface eth0
            interface eth1
        }
        area 0.0.0.1 {
            area-type {
                stub {
                }
            }
            interface eth2
        }
        route-map RM
    }
    pim {
        interface eth0 {
            dr-priority 10
        }
    }
    ripng {
        network 2001:db8::/64
        route-map RM
    }
    rpki {
        cache one {
            address 192.0.2.1
            port 323
        }
        cache two {
            address 192.0.2.2
            port 324
        }
        cache 192.0.2.3 {
            address 192.0.2.3
            port 325
        }
    }
    vrf red {
        static {
            interface-route 10.0.0.0/8 {
                next-hop-interface eth0 {
                    next-hop-vrf default
                }
            }
            interface-route6 2001:db8::/32 {
                next-hop-interface eth0 {
                }
            }
            route 192.0.2.0/24 {
                next-hop 198.51.100.1 {
                    next-hop-interface eth1
                    next-hop-vrf blue
                }
            }
            route6 2001:db8:1::/48 {
                next-hop 2001:db8::1 {
                    next-hop-vrf blue
                }
            }
        }
    }
}
vrf {
    name blue {
        table 200
    }
    name red {
        table 100
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:broadcast-relay@1:cluster@2:config-management@1:conntrack@5:conntrack-sync@2:container@2:dhcp-relay@2:dhcp-server@11:dhcpv6-server@6:dns-dynamic@4:dns-forwarding@4:firewall@17:flow-accounting@1:https@7:ids@1:interfaces@33:ipoe-server@4:ipsec@13:isis@0:l2tp@9:lldp@2:mdns@1:monitoring@1:nat@8:nat66@3:ntp@3:openconnect@3:openvpn@4:ospf@0:pim@0:policy@8:pppoe-server@11:pptp@5:qos@2:quagga@11:reverse-proxy@2:rip@0:rpki@0:salt@1:snmp@3:ssh@2:sstp@6:system@27:vrf@0:vrrp@4:vyos-accel-ppp@2:wanloadbalance@3:webproxy@2"
