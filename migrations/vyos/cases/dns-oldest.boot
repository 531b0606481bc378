interfaces {
    ethernet eth0 {
        address 192.0.2.1/24
        address 2001:db8::1/64
        vif 5 {
            address 10.5.0.1/24
        }
        vif-s 6 {
            vif-c 7 {
                address 10.7.0.1/24
            }
        }
    }
    ethernet eth1 {
        address dhcp
    }
    openvpn vtun0 {
        mode server
    }
}
service {
    dns {
        dynamic {
            interface eth0 {
                ipv6-enable
                rfc2136 upd_1 {
                    key /config/k
                    record a.example
                    record b.example
                    server ns.example
                    ttl 60
                    zone example
                }
                service dyndns {
                    host-name h.example
                    login me
                    password secret
                    server s.example
                }
            }
            interface eth1.10 {
                service custom-x {
                    host-name y.example
                    login me
                    password secret
                    protocol dnsexit
                }
                service "afraid" {
                    host-name z.example
                    login me
                    password secret
                }
                use-web {
                    skip "Your IP is:"
                    url checkip.dyndns.org/xyz
                }
            }
            interface pppoe0 {
                service cloudflare {
                    host-name y.example
                    login me
                    password secret
                    zone example
                }
                rfc2136 x {
                    key /config/k
                    record r
                    server s
                    zone z
                }
                use-web {
                    url http://checkip.dyndns.org
                }
            }
            timeout 300
        }
        forwarding {
            cache-size 0
            domain example.com {
                server 10.0.0.1
                server 10.0.0.2
            }
            listen-on eth0
            listen-on eth0.5
            listen-on eth0.6.7
            listen-on eth1
            listen-on vtun0
            name-server 1.1.1.1
        }
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:broadcast-relay@1:cluster@2:config-management@1:conntrack@5:conntrack-sync@2:container@2:dhcp-relay@2:dhcp-server@11:dhcpv6-server@6:firewall@17:flow-accounting@1:https@7:ids@1:interfaces@33:ipoe-server@4:ipsec@13:isis@3:l2tp@9:lldp@2:mdns@1:monitoring@1:nat@8:nat66@3:ntp@3:openconnect@3:openvpn@4:ospf@2:pim@1:policy@8:pppoe-server@11:pptp@5:qos@2:quagga@11:reverse-proxy@2:rip@1:rpki@2:salt@1:snmp@3:ssh@2:sstp@6:system@27:vrf@3:vrrp@4:vyos-accel-ppp@2:wanloadbalance@3:webproxy@2"
