interfaces {
    ethernet eth0 {
        address dhcp
        address 2001:db8:1::1/64
        vif 10 {
            address 2001:db8:2::5/64
        }
        vif-s 20 {
            address 2001:db8:3::1/64
            vif-c 30 {
                address 2001:db8:4::1/64
            }
        }
    }
}
service {
    dhcp-relay {
        interface eth0
        relay-options {
            hop-count 10
            port 6767
        }
    }
    dhcpv6-relay {
        listen-port 5555
        listen-interface eth0
    }
    dhcp-server {
        dynamic-dns-update {
            enable true
        }
        global-parameters "option foo;"
        host-decl-name
        shared-network-name LAN10 {
            description "ten of them"
            domain-name example.net
            name-server 1.1.1.1
            ping-check
            shared-network-parameters "x;"
            subnet 192.168.10.0/24 {
                default-router 192.168.10.1
                dns-server 192.168.10.1
                dns-server 192.168.10.2
                domain-search a.example
                domain-search b.example
                enable-failover
                failover {
                    local-address 192.168.10.2
                    name foo
                    peer-address 192.168.10.3
                    status primary
                }
                ip-forwarding {
                    enable true
                }
                lease 3600
                ntp-server 192.168.10.1
                ping-check
                range 0 {
                    start 192.168.10.100
                    stop 192.168.10.110
                }
                static-mapping my_host {
                    ip-address 192.168.10.50
                    mac-address 00:11:22:33:44:55
                    static-mapping-parameters "option host-name x;"
                }
                static-mapping other {
                    ip-address 192.168.10.50
                    mac-address 00:11:22:33:44:66
                }
                static-mapping third {
                    ip-address 192.168.10.51
                    mac-address 00:11:22:33:44:55
                }
                static-route {
                    destination-subnet 10.0.0.0/8
                    router 192.168.10.9
                }
                subnet-parameters "foo;"
                unifi-controller 1.2.3.4
                wpad-url http://x/
                vendor-option {
                    ubiquiti {
                        unifi-controller 1.1.1.1
                    }
                }
            }
            subnet 192.168.9.0/24 {
                ip-forwarding {
                    enable false
                }
            }
        }
        shared-network-name LAN9 {
            subnet 10.0.0.0/24 {
                failover {
                    local-address 10.0.0.2
                    name bar
                    peer-address 10.0.0.3
                    status primary
                }
            }
        }
    }
    dhcpv6-server {
        preference 5
        shared-network-name v6 {
            common-options {
                name-server 2001:db8::1
            }
            subnet 2001:db8:1::/64 {
                address-range {
                    prefix 2001:db8:1::/80 {
                        temporary
                    }
                    start 2001:db8:1::100 {
                        stop 2001:db8:1::199
                    }
                    start 2001:db8:1::20 {
                        stop 2001:db8:1::29
                    }
                }
                domain-search x.example
                name-server 2001:db8::53
                nis-domain n
                sip-server-address 2001:db8::5060
                sip-server-name sip.example
                sntp-server 2001:db8::123
                static-mapping my_client {
                    identifier a:3:b:04
                    ipv6-address 2001:db8:1::50
                }
                static-mapping ok {
                    mac-address 00:11:22:33:44:55
                }
            }
            subnet 2001:db8:4::/64 {
                address-range {
                    start 2001:db8:4::1 {
                        stop 2001:db8:4::9
                    }
                }
            }
            subnet 2001:db8:2::/64 {
            }
        }
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:broadcast-relay@1:cluster@2:config-management@1:conntrack@5:conntrack-sync@2:container@2:dhcp-relay@1:dhcp-server@5:dhcpv6-server@1:dns-dynamic@4:dns-forwarding@4:firewall@17:flow-accounting@1:https@7:ids@1:interfaces@33:ipoe-server@4:ipsec@13:isis@3:l2tp@9:lldp@2:mdns@1:monitoring@1:nat@8:nat66@3:ntp@3:openconnect@3:openvpn@4:ospf@2:pim@1:policy@8:pppoe-server@11:pptp@5:qos@2:quagga@11:reverse-proxy@2:rip@1:rpki@2:salt@1:snmp@3:ssh@2:sstp@6:system@27:vrf@3:vrrp@4:vyos-accel-ppp@2:wanloadbalance@3:webproxy@2"
