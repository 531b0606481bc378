container {
    name web {
        cap-add net-admin
        cap-add sys-time
        image nginx:latest
    }
}
service {
    snmp {
        community c {
        }
        oid-enable route-table
        v3 {
            engineid 0x0aa0d6c6f450
            user foo {
                auth {
                    encrypted-key 0x4e52fe55fd011c9c51ae2c65f4b78ca93dcafdfe
                    type sha
                }
                privacy {
                    encrypted-key 0x0x4e
                    type aes
                }
            }
            trap-target 1.2.3.4 {
                auth {
                    encrypted-key 4e52
                }
            }
        }
    }
    ssh {
        allow-root
        ciphers aes256-ctr,aes128-ctr
        key-exchange curve25519-sha256,ecdh-sha2-nistp256
        loglevel INFO
        port 22
    }
}
system {
    ntp {
        allow-clients {
            address 10.0.0.0/8
        }
        interface eth0
        interface eth1
        listen-address 10.0.0.1
        listen-address 10.0.0.2
        listen-address 2001:db8::1
        server a {
            dynamic
            preempt
            prefer
        }
        server b {
        }
    }
}
vpn {
    openconnect {
        authentication {
            mode radius
        }
        ssl {
            ca-cert-file /config/auth/a
            cert-file /config/auth/b
            key-file /config/auth/c
        }
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:broadcast-relay@1:cluster@2:conntrack@5:conntrack-sync@2:dhcp-relay@2:dhcp-server@11:dhcpv6-server@6:dns-dynamic@4:dns-forwarding@4:firewall@17:flow-accounting@1:https@7:ids@1:interfaces@33:ipoe-server@4:ipsec@13:isis@3:l2tp@9:lldp@2:mdns@1:monitoring@1:nat@8:nat66@3:openvpn@4:ospf@2:pim@1:policy@8:pppoe-server@11:pptp@5:qos@2:quagga@11:reverse-proxy@2:rip@1:rpki@2:salt@1:sstp@6:system@27:vrf@3:vrrp@4:vyos-accel-ppp@2:wanloadbalance@3:webproxy@2"
