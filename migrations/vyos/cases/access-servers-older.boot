service {
    pppoe-server {
        authentication {
            mode radius
            radius {
                server 192.0.2.1 {
                    key one
                }
            }
        }
        client-ip-pool {
            name POOL {
                gateway-address 10.2.0.1
                subnet 10.2.0.0/24
            }
            start 192.168.0.2
            stop 192.168.1.254
        }
        client-ipv6-pool {
            delegate 2001:db8:1::/48 {
                delegation-prefix 56
            }
        }
        interface eth0 {
            vlan-id 5
            vlan-range 10-20
        }
        local-ip 10.255.0.1
        ppp-options {
            ccp
            ipv6 allow
        }
    }
}
vpn {
    l2tp {
        remote-access {
            authentication {
                local-users {
                    username a {
                        password b
                    }
                }
                mode local
                radius {
                    acct-timeout 100
                    dae-server {
                        ip-address 10.0.0.9
                        port 3799
                        secret z
                    }
                    max-try 30
                    server 10.0.0.1 {
                        key k
                    }
                    timeout 90
                }
            }
            client-ip-pool {
                start 10.1.0.5
                stop 10.2.0.99
            }
        }
    }
    pptp {
        remote-access {
            authentication {
                mode radius
                radius {
                    server 10.0.0.1 {
                        key k
                        req-limit 4
                    }
                    timeout 9
                }
            }
            client-ip-pool {
                start 192.168.1.10
                stop 192.168.1.20
            }
        }
    }
    sstp {
        authentication {
            mode local
        }
        client-ip-pool {
            subnet 10.0.0.0/24
        }
        client-ipv6-pool {
            delegate 2001:db8:1::/48 {
                delegation-prefix 56
            }
        }
        ssl {
            ca-cert-file /config/auth/ca.pem
            cert-file /config/auth/cert.pem
            key-file /config/auth/key.pem
        }
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:broadcast-relay@1:cluster@2:config-management@1:conntrack@5:conntrack-sync@2:container@2:dhcp-relay@2:dhcp-server@11:dhcpv6-server@6:dns-dynamic@4:dns-forwarding@4:firewall@17:flow-accounting@1:https@7:ids@1:interfaces@33:ipoe-server@1:ipsec@13:isis@3:l2tp@3:lldp@2:mdns@1:monitoring@1:nat@8:nat66@3:ntp@3:openconnect@3:openvpn@4:ospf@2:pim@1:policy@8:pppoe-server@4:pptp@2:qos@2:quagga@11:reverse-proxy@2:rip@1:rpki@2:salt@1:snmp@3:ssh@2:sstp@3:system@27:vrf@3:vrrp@4:vyos-accel-ppp@2:wanloadbalance@3:webproxy@2"
