interfaces {
    bonding bond0 {
        arp-monitor {
            interval 100
        }
        mode 802.3ad
        bridge-group {
            bridge br0
            cost 5
        }
    }
    bridge br0 {
        igmp-snooping {
            querier enable
        }
        stp true
    }
    ethernet eth0 {
        bond-group bond0
        address 192.0.2.9/24
        description "left port"
        smp-affinity 3
        offload-options {
            tcp-segmentation on
            udp-fragmentation on
            generic-receive off
        }
        mirror eth2
    }
    ethernet eth1 {
        bridge-group {
            bridge br0
            priority 7
        }
        ipv6 {
            router-advert {
                cur-hop-limit 64
                link-mtu 0
                managed-flag false
                max-interval 30
                other-config-flag true
                prefix 2001:db8::/64 {
                    autonomous-flag false
                    on-link-flag true
                }
                send-advert false
            }
        }
        dhcpv6-options {
            delegate eth2 {
                interface-id 1
                sla-len 8
            }
        }
        vif 10 {
            pppoe 0 {
                default-route none
                enable-ipv6
                name-server none
                password secret
                user-id "user@example.net"
            }
            ip {
                ospf {
                    cost 10
                }
            }
        }
        vif-s 20 {
            ethertype 0x8100
            vif-c 30 {
                ip {
                    rip {
                        split-horizon {
                            disable
                        }
                    }
                }
            }
        }
        xdp
    }
    openvpn vtun0 {
        encryption aes128
        mode server
        tls {
            ca-cert-file /config/auth/ca.pem
        }
    }
    pseudo-ethernet peth0 {
        link eth0
    }
    tunnel tun0 {
        encapsulation gre-bridge
        local-ip 192.0.2.1
        multicast enable
        remote-ip 192.0.2.2
    }
    vti vti0 {
        address 10.0.0.1/30
    }
    vxlan vxlan7 {
        link eth1
        vni 7
    }
    wireguard wg0 {
        peer a {
            endpoint 192.0.2.5:51820
            pubkey AAAA
        }
        peer b {
            endpoint [2001:db8::5]:51821
        }
    }
    wireless wlan0 {
        capabilities {
            ht {
                40MHz-incapable true
                ldpc false
            }
        }
        debug
        security {
            wpa {
                mode both
                radius-server 192.0.2.6 {
                    accounting
                    port 1812
                    secret x
                }
            }
        }
    }
}
system {
    wifi-regulatory-domain DE
}


/* Warning: Do not remove the following line. */
/* === vyatta-config-version: "system@27:ospf@2:rip@1:quagga@11:conntrack@5:firewall@17:pppoe-server@11:config-management@1" === */
/* Release version: 1.2.0 */
