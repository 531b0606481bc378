firewall {
    bridge {
        forward {
            filter {
                enable-default-log
                rule 10 {
                    action accept
                    log enable
                    state {
                        established enable
                    }
                }
            }
        }
        name BR {
            enable-default-log
            rule 1 {
                action accept
                log disable
            }
        }
    }
    global-options {
        state-policy {
            established {
                action accept
                log enable
            }
            invalid {
                action drop
                log disable
            }
        }
    }
    ipv4 {
        forward {
            filter {
                default-action accept
                enable-default-log
                rule 5 {
                    action jump
                    inbound-interface {
                        interface-name eth0
                    }
                    jump-target IN
                }
                rule 10 {
                    action jump
                    jump-target IN
                    outbound-interface {
                        interface-group GUESTS
                    }
                }
            }
        }
        input {
            filter {
                rule 3 {
                    action accept
                    ipsec {
                        match-ipsec
                    }
                    log enable
                    state {
                        established enable
                        new disable
                        related enable
                    }
                }
            }
        }
        name IN {
            default-action return
            enable-default-log
            rule 1 {
                action return
                inbound-interface {
                    interface-name eth1
                }
                ipsec {
                    match-none
                }
                log disable
                state {
                    invalid disable
                }
            }
        }
        output {
            filter {
                rule 1 {
                    action accept
                    log enable
                    outbound-interface {
                        interface-name eth9
                    }
                }
            }
        }
        prerouting {
            raw {
                rule 1 {
                    action notrack
                    ipsec {
                        match-ipsec
                    }
                }
            }
        }
    }
    ipv6 {
        name IN6 {
            enable-default-log
            rule 1 {
                action return
                log enable
                outbound-interface {
                    interface-group GUESTS
                }
                state {
                    new enable
                }
            }
        }
    }
}
interfaces {
    ethernet eth0 {
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:broadcast-relay@1:cluster@2:config-management@1:conntrack@5:conntrack-sync@2:container@2:dhcp-relay@2:dhcp-server@11:dhcpv6-server@6:dns-dynamic@4:dns-forwarding@4:firewall@11:flow-accounting@1:https@7:ids@1:interfaces@33:ipoe-server@4:ipsec@13:isis@3:l2tp@9:lldp@2:mdns@1:monitoring@1:nat@8:nat66@3:ntp@3:openconnect@3:openvpn@4:ospf@2:pim@1:policy@8:pppoe-server@11:pptp@5:qos@2:quagga@11:reverse-proxy@2:rip@1:rpki@2:salt@1:snmp@3:ssh@2:sstp@6:system@27:vrf@3:vrrp@4:vyos-accel-ppp@2:wanloadbalance@3:webproxy@2"
