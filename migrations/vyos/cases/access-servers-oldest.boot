service {
    pppoe-server {
        access-concentrator vyos-ac
        authentication {
            local-users {
                username foo {
                    password bar
                    rate-limit {
                        download 20480
                        upload 10240
                    }
                }
            }
            mode local
            radius-server 192.0.2.1 {
                key one
                req-limit 10
                fail-time 5
            }
            radius-server 192.0.2.2 {
                secret two
            }
            radius-settings {
                acct-timeout 10
                dae-server {
                    ip-address 192.0.2.5
                    port 1700
                    secret dae
                }
                timeout 5
            }
        }
        client-ip-pool {
            name POOL2 {
                gateway-address 10.2.0.1
                subnet 10.2.0.0/24
                next-pool POOL10
            }
            name POOL10 {
                subnet 10.10.0.0/24
                gateway-address 10.10.0.1
            }
            start 192.168.0.2
            stop 192.168.0.254
            subnet 192.168.4.0/24
            subnet 192.168.5.0/24
        }
        client-ipv6-pool {
            prefix 2001:db8::/48,64
            delegate-prefix 2001:db8:1::/48,56
        }
        dns-servers {
            server-1 192.0.2.53
            server-2 192.0.2.54
        }
        dnsv6-servers {
            server-1 2001:db8::53
            server-3 2001:db8::55
        }
        wins-servers {
            server-1 192.0.2.60
        }
        interface eth0
        interface eth1
        mtu 1492
        pado-delay 10 {
            sessions 500
        }
        pado-delay 200 {
            sessions 100
        }
        ppp-options {
            ipv6-intf-id random
            ipv6-peer-intf-id ipv4
            ipv6-accept-peer-intf-id
            mppe {
                prefer
                deny
            }
        }
    }
    ipoe-server {
        dns-server {
            server-1 1.1.1.1
            server-2 9.9.9.9
        }
        dnsv6-server {
            server-3 2001:db8::53
        }
        authentication {
            radius-server 192.0.2.77 {
                req-limit 5
                secret x
            }
            radius-settings {
                timeout 4
                dae-server {
                    ip-address 192.0.2.78
                    secret y
                }
            }
            interface eth1 {
                mac-address 00:50:79:66:68:00 {
                    vlan-id 100
                    rate-limit {
                        download 100
                    }
                }
            }
            mode local
        }
        client-ip-pool {
            name one {
                gateway-address 192.0.2.1
                subnet 192.0.2.0/24
            }
            name two {
                gateway-address 198.51.100.1
                subnet 198.51.100.0/25
                next-pool one
            }
        }
        client-ipv6-pool {
            delegate 2001:db8:1::/48 {
                delegation-prefix 56
            }
            prefix 2001:db8::/48 {
                mask 64
            }
        }
        interface eth1 {
            client-subnet 192.0.2.0/24
            network-mode L2
            vlan-id 100
            vlan-id 200
            vlan-range 1000-2000
        }
        interface eth2 {
            network-mode L3
        }
    }
    sstp-server {
        authentication {
            local-users {
                username u {
                    password p
                }
            }
            mode radius
            radius-server 192.0.2.1 {
                secret s
                fail-time 10
                req-limit 5
            }
            radius-settings {
                acct-timeout 4
                dae-server {
                    ip-address 192.0.2.9
                    port 3799
                    secret x
                }
            }
        }
        network-settings {
            client-ip-settings {
                gateway-address 10.0.0.1
                subnet 10.0.0.0/24
                subnet 10.0.1.0/24
            }
            client-ipv6-pool {
                prefix 2001:db8::/48 {
                    mask 64
                }
            }
            dns-server {
                primary-dns 1.1.1.1
                secondary-dns 9.9.9.9
            }
            mtu 1400
        }
        ppp-settings {
            mppe require
        }
        sstp-settings {
            ssl-certs {
                ca ca.crt
                server-cert s.crt
                server-key s.key
            }
        }
    }
}
vpn {
    l2tp {
        remote-access {
            authentication {
                mode radius
                mppe require
                radius-server 192.0.2.1 {
                    key abc
                    req-limit 3
                }
                radius-source-address 192.0.2.99
                require pap
                require chap
            }
            ccp-disable
            client-ip-pool {
                start 10.1.0.5
                stop 10.1.0.99
                subnet 10.1.1.0/24
            }
            client-ipv6-pool {
                prefix 2001:db8::/48,64
                delegate-prefix 2001:db8:1::/48,56
            }
            dhcp-interface eth0
            dns-servers {
                server-1 1.1.1.1
                server-2 9.9.9.9
            }
            dnsv6-servers 2001:db8::1
            dnsv6-servers 2001:db8::2
            idle 1800
            ipsec-settings {
                authentication {
                    mode x509
                    x509 {
                        ca-cert-file /config/auth/ca.pem
                        crl-file /config/auth/crl.pem
                        server-cert-file /config/auth/s.pem
                        server-key-file /config/auth/s.key
                        server-key-password pass
                    }
                }
                ike-lifetime 3600
            }
            outside-address 192.0.2.7
            outside-nexthop 192.0.2.8
            ppp-options {
                ipv6-peer-intf-id calling-sid
            }
            wins-servers {
                server-1 192.0.2.60
                server-2 192.0.2.61
            }
        }
    }
    pptp {
        remote-access {
            authentication {
                mode radius
                mppe prefer
                radius-server 192.0.2.1 {
                    key abc
                }
                radius-source-address 192.0.2.99
                require mschap
            }
            client-ip-pool {
                start 192.168.1.10
                stop 192.168.2.20
            }
            dns-servers {
                server-2 9.9.9.9
            }
            outside-address 192.0.2.7
            wins-servers {
                server-1 192.0.2.60
            }
        }
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:broadcast-relay@1:cluster@2:config-management@1:conntrack@5:conntrack-sync@2:container@2:dhcp-relay@2:dhcp-server@11:dhcpv6-server@6:dns-dynamic@4:dns-forwarding@4:firewall@17:flow-accounting@1:https@7:ids@1:interfaces@33:ipsec@13:isis@3:lldp@2:mdns@1:monitoring@1:nat@8:nat66@3:ntp@3:openconnect@3:openvpn@4:ospf@2:pim@1:policy@8:qos@2:quagga@11:reverse-proxy@2:rip@1:rpki@2:salt@1:snmp@3:ssh@2:system@27:vrf@3:vrrp@4:vyos-accel-ppp@2:wanloadbalance@3:webproxy@2"
