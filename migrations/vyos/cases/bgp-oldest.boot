protocols {
    bgp 65000 {
        aggregate-address 192.0.2.0/24 {
            as-set
            summary-only
        }
        maximum-paths {
            ebgp 4
            ibgp 2
        }
        neighbor 192.0.2.1 {
            allowas-in {
                number 3
            }
            as-override
            attribute-unchanged {
                as-path
                med
            }
            capability {
                dynamic
                orf {
                    prefix-list {
                        receive
                        send
                    }
                }
            }
            default-originate {
                route-map RM
            }
            disable-send-community {
                extended
            }
            distribute-list {
                export 10
                import 20
            }
            filter-list {
                export FL
            }
            maximum-prefix 100
            nexthop-self
            prefix-list {
                import PL
            }
            remote-as 65001
            remove-private-as
            route-map {
                export OUT
                import IN
            }
            route-reflector-client
            soft-reconfiguration {
                inbound
            }
            unsuppress-map UM
            weight 10
        }
        neighbor 192.0.2.2 {
            default-originate {
            }
            peer-group PG
            soft-reconfiguration {
            }
        }
        neighbor 2001:db8::1 {
            address-family {
                ipv6-unicast {
                    capability {
                        dynamic
                    }
                    peer-group PG6
                }
            }
        }
        neighbor 2001:db8::2 {
            address-family {
                ipv6-unicast {
                    nexthop-self
                    peer-group PG6
                }
            }
            remote-as 65002
        }
        neighbor eth5 {
            address-family {
                ipv4-unicast {
                    peer-group PG
                }
                ipv6-unicast {
                    route-map {
                        import IN
                    }
                }
            }
            interface {
                v6only
            }
        }
        network 192.0.2.0/24 {
        }
        network 198.51.100.0/24 {
            route-map RM
        }
        parameters {
            default {
                local-pref 200
            }
            disable-network-import-check
            enforce-first-as
            router-id 192.0.2.254
            scan-time 30
        }
        peer-group PG {
            nexthop-self
            remote-as 65010
            route-map {
                import IN
            }
        }
        peer-group PG6 {
            address-family {
                ipv6-unicast {
                    capability {
                        dynamic
                        orf {
                            prefix-list {
                                send
                            }
                        }
                    }
                }
            }
            remote-as 65011
        }
        redistribute {
            connected {
                route-map RM
            }
            static {
                metric 10
            }
        }
        route-map RM
        timers {
            holdtime 30
        }
    }
}
system {
    flow-accounting {
        netflow {
            source-ip 192.0.2.254
        }
        sflow {
            agent-address auto
        }
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@0:broadcast-relay@1:cluster@2:config-management@1:conntrack@5:conntrack-sync@2:container@2:dhcp-relay@2:dhcp-server@11:dhcpv6-server@6:dns-dynamic@4:dns-forwarding@4:firewall@17:flow-accounting@0:https@7:ids@1:interfaces@33:ipoe-server@4:ipsec@13:isis@3:l2tp@9:lldp@2:mdns@1:monitoring@1:nat@8:nat66@3:ntp@3:openconnect@3:openvpn@4:ospf@2:pim@1:policy@8:pppoe-server@11:pptp@5:qos@2:quagga@2:reverse-proxy@2:rip@1:rpki@2:salt@1:snmp@3:ssh@2:sstp@6:system@27:vrf@3:vrrp@4:vyos-accel-ppp@2:wanloadbalance@3:webproxy@2"
