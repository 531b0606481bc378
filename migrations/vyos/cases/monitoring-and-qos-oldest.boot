interfaces {
    ethernet eth0 {
        traffic-policy {
            in LIMIT
            out SHAPE
        }
        vif 10 {
            traffic-policy {
                out SHAPE
            }
        }
        vif-s 20 {
            traffic-policy {
                out EMU
            }
        }
    }
}
load-balancing {
    reverse-proxy {
        backend web {
            parameters {
                http-check
            }
            server one {
                address 192.0.2.1
                port 80
            }
        }
        service front {
            backend web
            port 443
        }
    }
}
service {
    conntrack-sync {
        accept-protocol tcp,udp,icmp
        failover-mechanism {
            vrrp {
                sync-group SG
            }
        }
        ignore-address {
            ipv4 192.0.2.1
            ipv4 192.0.2.2
        }
        interface eth0 {
        }
    }
    ids {
        ddos-protection {
            threshold {
                fps 3500
                mbps 1000
                pps 40000
            }
        }
    }
    lldp {
        interface eth0 {
            location {
                civic-based {
                    ca-type 0 {
                        ca-value ENGLISH
                    }
                    country-code US
                }
                elin 1234567890
            }
        }
        snmp {
            enable
        }
    }
    monitoring {
        telegraf {
            authentication {
                organization vyos
                token secret
            }
            bucket main
            port 8086
            source all
            url http://192.0.2.1
        }
    }
    salt-minion {
        hash_type sha256
        id me
        log_file /var/log/x
        log_level info
        master 192.0.2.1
        mine_interval 60
        user root
    }
    webproxy {
        listen-address 192.0.2.1 {
        }
        proxy-bypass 198.51.100.0/24
        proxy-bypass 203.0.113.0/24
    }
}
system {
    conntrack {
        ignore {
            rule 10 {
                destination {
                    address 192.0.2.0/24
                }
            }
        }
        modules {
            ftp {
                disable
            }
            gre {
                disable
            }
            sip {
            }
        }
        timeout {
            custom {
                rule 1 {
                    protocol {
                        tcp {
                            established 600
                        }
                    }
                }
                rule 2 {
                    protocol {
                        udp {
                            other 60
                        }
                    }
                }
            }
            tcp {
                established 7200
            }
        }
    }
    flow-accounting {
        sflow {
            agent-address auto
        }
    }
}
protocols {
    ospf {
        parameters {
            router-id 192.0.2.77
        }
    }
}
traffic-policy {
    limiter LIMIT {
        class 10 {
            bandwidth 5Mbit
        }
        default {
            bandwidth 10Mbit
        }
    }
    network-emulator EMU {
        bandwidth 10Mbit
        burst 15k
        network-delay 50ms
    }
    shaper SHAPE {
        bandwidth 100Mbit
        class 10 {
            bandwidth 50%
            burst 15k
        }
        class 20 {
            bandwidth 20MBit
        }
        default {
            bandwidth 10%
            ceiling 100%
        }
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:broadcast-relay@1:cluster@2:config-management@1:conntrack@1:conntrack-sync@1:container@2:dhcp-relay@2:dhcp-server@11:dhcpv6-server@6:dns-dynamic@4:dns-forwarding@4:firewall@14:flow-accounting@0:https@7:ids@0:interfaces@33:ipoe-server@4:ipsec@13:isis@3:l2tp@9:lldp@0:mdns@1:monitoring@0:nat@8:nat66@3:ntp@3:openconnect@3:openvpn@4:ospf@2:pim@1:policy@8:pppoe-server@11:pptp@5:qos@1:quagga@11:reverse-proxy@0:rip@1:rpki@2:salt@0:snmp@3:ssh@2:sstp@6:system@27:vrf@3:vrrp@4:vyos-accel-ppp@2:wanloadbalance@3:webproxy@1"
