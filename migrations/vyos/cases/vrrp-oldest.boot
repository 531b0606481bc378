high-availability {
    virtual-server 192.0.2.100 {
        port 80
        real-server 192.0.2.101 {
            port 80
        }
    }
    virtual-server WEB {
        fwmark 111
    }
}
interfaces {
    bonding bond0 {
        vrrp {
            vrrp-group 5 {
                virtual-address 198.51.100.1
                virtual-address 2001:db8::5
            }
        }
    }
    ethernet eth0 {
        address 192.0.2.2/24
        vif 10 {
            vrrp {
                vrrp-group 11 {
                    preempt true
                    virtual-address 10.0.10.1/24
                }
            }
        }
        vif-s 20 {
            vif-c 30 {
                vrrp {
                    vrrp-group 13 {
                        virtual-address 10.0.30.1/24
                    }
                }
            }
            vrrp {
                vrrp-group 12 {
                    virtual-address 10.0.20.1/24
                }
            }
        }
        vrrp {
            vrrp-group 10 {
                advertise-interval 2
                authentication {
                    password secret
                    type plaintext-password
                }
                disable
                health-check {
                    failure-count 3
                    interval 10
                    script /config/scripts/check
                }
                hello-source-address 192.0.2.2
                peer-address 192.0.2.3
                preempt false
                preempt-delay 30
                priority 200
                rfc3768-compatibility
                run-transition-scripts {
                    backup /config/scripts/backup
                    fault /config/scripts/fault
                    master /config/scripts/master
                }
                sync-group SG
                virtual-address 192.0.2.1/24
                virtual-address 192.0.2.9
            }
            vrrp-group 20 {
                sync-group SG
                virtual-address 192.0.2.20/24
            }
        }
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:broadcast-relay@1:cluster@2:config-management@1:conntrack@5:conntrack-sync@2:container@2:dhcp-relay@2:dhcp-server@11:dhcpv6-server@6:dns-dynamic@4:dns-forwarding@4:firewall@17:flow-accounting@1:https@7:ids@1:interfaces@33:ipoe-server@4:ipsec@13:isis@3:l2tp@9:lldp@2:mdns@1:monitoring@1:nat@8:nat66@3:ntp@3:openconnect@3:openvpn@4:ospf@2:pim@1:policy@8:pppoe-server@11:pptp@5:qos@2:quagga@11:reverse-proxy@2:rip@1:rpki@2:salt@1:snmp@3:ssh@2:sstp@6:system@27:vrf@3:vrrp@1:vyos-accel-ppp@2:wanloadbalance@3:webproxy@2"
