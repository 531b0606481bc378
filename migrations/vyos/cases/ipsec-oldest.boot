vpn {
    ipsec {
        auto-update 30
        esp-group E {
            compression enable
            lifetime 3600
            mode tunnel
            pfs enable
            proposal 1 {
                encryption aes256
                hash sha1
            }
        }
        esp-group F {
            compression disable
        }
        ike-group I {
            close-action clear
            dead-peer-detection {
                action hold
                interval 30
            }
            ikev2-reauth yes
            mobike disable
            proposal 1 {
                encryption aes256
            }
        }
        ike-group J {
            close-action restart
            dead-peer-detection {
                action restart
            }
            ikev2-reauth no
            mobike enable
        }
        ike-group K {
            close-action hold
        }
        include-ipsec-conf /config/x.conf
        include-ipsec-secrets /config/x.secrets
        ipsec-interfaces {
            interface eth0
            interface eth1
        }
        logging {
            log-level 1
            log-modes all
            log-modes ike
        }
        nat-networks {
            allowed-network 0.0.0.0/0 {
            }
        }
        nat-traversal enable
        remote-access {
            connection rw {
                authentication {
                    id me
                    server-mode x509
                }
            }
        }
        site-to-site {
            peer 192.0.2.1 {
                authentication {
                    mode pre-shared-secret
                    pre-shared-secret "a secret"
                }
                connection-type initiate
                force-encapsulation enable
                ike-group I
                local-address 198.51.100.1
                tunnel 1 {
                    allow-nat-networks disable
                    allow-public-networks disable
                    esp-group E
                    local {
                        prefix 10.0.0.0/8
                    }
                }
            }
            peer 2001:db8::2 {
                authentication {
                    id left
                    remote-id right
                    mode pre-shared-secret
                    pre-shared-secret x
                }
                force-encapsulation disable
                local-address any
            }
            peer @foo.example {
                authentication {
                    mode pre-shared-secret
                    pre-shared-secret y
                }
                dhcp-interface eth0
            }
            peer 203.0.113.5 {
                authentication {
                    mode rsa
                    rsa-key-name far
                }
            }
            peer 203.0.113.6 {
                authentication {
                    mode x509
                    x509 {
                        ca-cert-file /config/auth/ca
                        cert-file /config/auth/cert
                        crl-file /config/auth/crl
                        key {
                            file /config/auth/key
                            password pw
                        }
                    }
                }
            }
            peer 203.0.113.7 {
                authentication {
                    mode x509
                    x509 {
                        cert-file /config/auth/cert
                        key {
                            file /config/auth/key
                        }
                    }
                }
            }
        }
    }
    rsa-keys {
        local-key {
            file /config/auth/localhost.key
        }
        rsa-key-name far {
            rsa-key 0sAwEAAaFOH6sTkQ07vZgNrkEdODKEC6aPJLo2YTQQ+OwYoKYX0iWG8n4yeyw0h8lMIuGiEoCAeq7p9gm/hfsbf7S1JNAmbSnkf+7Aq2wiDz3sIlEWnkvPzLCq3YGYqN0IdOcY2fl1yUncJKy98Jm+n5Dpx62OYNmiXhuQf97Jn+jGiwSkVQdv2pTWBLs06EO6eo+xwc7cJrtoRBjzUlMtv2G0zO/LTjkI1Ig5Eed/FudDu3VRTQZcBCYLzyMVpcHsyyQLflNeILeBhKposUswmKs8AphkW19IGMS4b4yGRTEzDJ6R1TW465Hh/6gDAsddBgCvY47/DUn5eFlMGR8Fh1N6hjk=
        }
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:broadcast-relay@1:cluster@2:config-management@1:conntrack@5:conntrack-sync@2:container@2:dhcp-relay@2:dhcp-server@11:dhcpv6-server@6:dns-dynamic@4:dns-forwarding@4:firewall@17:flow-accounting@1:https@7:ids@1:interfaces@33:ipoe-server@4:ipsec@4:isis@3:l2tp@9:lldp@2:mdns@1:monitoring@1:nat@8:nat66@3:ntp@3:openconnect@3:openvpn@4:ospf@2:pim@1:policy@8:pppoe-server@11:pptp@5:qos@2:quagga@11:reverse-proxy@2:rip@1:rpki@2:salt@1:snmp@3:ssh@2:sstp@6:system@27:vrf@3:vrrp@4:vyos-accel-ppp@2:wanloadbalance@3:webproxy@2"
