protocols {
    bgp 65000 {
        neighbor 192.0.2.1 {
            remote-as 65001
        }
        parameters {
            default {
                no-ipv4-unicast
            }
        }
    }
}
vrf {
    name red {
        ip {
            disable-forwarding
        }
        protocols {
            bgp {
                address-family {
                    ipv4-unicast {
                        route-target {
                            vpn {
                                both 65000:1
                                import 65000:2
                                export 65000:3
                            }
                        }
                    }
                    ipv6-unicast {
                        route-target {
                            vpn {
                                import 65000:2
                                export 65000:3
                            }
                        }
                    }
                }
                local-as 65005
                route-map RM
            }
            isis {
                net 49.0001.1921.6800.1002.00
                route-map RM
            }
            ospf {
                passive-interface default
                passive-interface-exclude eth1
                route-map RM
            }
            ospfv3 {
                route-map RM
            }
        }
        table 100
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@0:broadcast-relay@1:cluster@2:config-management@1:conntrack@5:conntrack-sync@2:container@2:dhcp-relay@2:dhcp-server@11:dhcpv6-server@6:dns-dynamic@4:dns-forwarding@4:firewall@17:flow-accounting@1:https@7:ids@1:interfaces@33:ipoe-server@4:ipsec@13:isis@0:l2tp@9:lldp@2:mdns@1:monitoring@1:nat@8:nat66@3:ntp@3:openconnect@3:openvpn@4:ospf@0:pim@1:policy@8:pppoe-server@11:pptp@5:qos@2:quagga@8:reverse-proxy@2:rip@1:rpki@2:salt@1:snmp@3:ssh@2:sstp@6:system@27:vrf@3:vrrp@4:vyos-accel-ppp@2:wanloadbalance@3:webproxy@2"
