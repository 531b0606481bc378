firewall {
    all-ping enable
    broadcast-ping disable
    config-trap disable
    group {
        address-group SERVERS+LAN {
            address 192.0.2.10
            address 192.0.2.11
            description "Servers that the LAN and the guests can reach, with a description that goes on and on and on, because whoever wrote it had much to say about each of them and did not know that somebody would count the characters one day and cut it there, in the middle of a word"
        }
        address-group SERVERS_LAN {
            address 192.0.2.12
        }
        network-group RFC1918 {
            network 10.0.0.0/8
            network 172.16.0.0/12
        }
        port-group WEB {
            port 80
            port 443
        }
        ipv6-network-group DOC {
            network 2001:db8::/32
        }
    }
    ipv6-name WAN6-LOCAL {
        default-action drop
        enable-default-log
        rule 10 {
            action accept
            state {
                established enable
                related enable
                invalid disable
            }
        }
        rule 20 {
            action accept
            icmpv6 {
                type 128/0
            }
            protocol icmpv6
        }
        rule 21 {
            action accept
            icmpv6 {
                type neighbour-solicitation
            }
            protocol icmpv6
        }
        rule 22 {
            action drop
            icmpv6 {
                type port-unreachable
            }
            protocol icmpv6
        }
        rule 23 {
            action accept
            icmpv6 {
                type echo-reply
            }
            protocol icmpv6
        }
        rule 24 {
            action accept
            icmpv6 {
                type 135
            }
            protocol icmpv6
        }
        rule 30 {
            action accept
            destination {
                group {
                    port-group WEB
                }
            }
            log enable
            source {
                group {
                    network-group DOC
                }
            }
        }
    }
    ipv6-receive-redirects disable
    ipv6-src-route disable
    log-martians enable
    name LAN-IN {
        default-action accept
        description "What the LAN sends"
        rule 5 {
            action accept
            destination {
                group {
                    address-group SERVERS+LAN
                }
            }
            log enable
            protocol tcp
            tcp {
                flags SYN,!ACK,!FIN,!RST
            }
        }
        rule 6 {
            action drop
            source {
                group {
                    address-group !SERVERS+LAN
                }
            }
            log disable
            protocol all
        }
        rule 7 {
            action reject
            icmp {
                type-name any
            }
            protocol icmp
        }
        rule 8 {
            action accept
            icmp {
                type-name ping
            }
            protocol icmp
        }
        rule 9 {
            action accept
            icmp {
                type-name host-prohibited
            }
            protocol icmp
        }
        rule 10 {
            action accept
            icmp {
                code 0
                type 8
            }
            protocol icmp
        }
        rule 11 {
            action drop
            recent {
                count 4
                time 60
            }
            state {
                new enable
            }
        }
        rule 12 {
            action drop
            recent {
                count 4
                time 5
            }
        }
        rule 13 {
            action drop
            recent {
                count 9
                time 3600
            }
            time {
                monthdays 1,15
                startdate 2021-01-01
                starttime 08:00:00
                utc
            }
        }
        rule 14 {
            action accept
            destination {
                group {
                    port-group WEB
                }
            }
            disable
            state {
                established disable
                new disable
            }
        }
        rule 15 {
            action accept
            ipsec {
                match-ipsec
            }
        }
        rule 16 {
            action drop
            ipsec {
                match-none
            }
        }
    }
    name EMPTY {
        default-action drop
    }
    name WAN+LOCAL {
        default-action drop
        enable-default-log
        rule 1 {
            action accept
            state {
                established enable
                related enable
            }
        }
    }
    options {
        interface eth0 {
            adjust-mss 1400
            adjust-mss6 1380
        }
        interface eth1 {
            adjust-mss 1300
            disable
        }
        interface eth1.100 {
            adjust-mss 1350
        }
        interface eth2.20 {
            adjust-mss 1340
            adjust-mss6 1320
        }
        interface eth2.20.7 {
            adjust-mss 1330
        }
        interface pppoe0 {
            adjust-mss 1452
        }
        interface wg01 {
            adjust-mss 1360
        }
    }
    receive-redirects disable
    send-redirects enable
    source-validation disable
    state-policy {
        established {
            action accept
            log {
                enable
            }
        }
        invalid {
            action drop
        }
        related {
            action accept
        }
    }
    syn-cookies enable
    twa-hazards-protection disable
}
interfaces {
    bonding bond0 {
        firewall {
            in {
                name LAN-IN
            }
        }
        vif 7 {
            firewall {
                local {
                    ipv6-name WAN6-LOCAL
                    name EMPTY
                }
            }
        }
    }
    ethernet eth0 {
        address dhcp
        firewall {
            in {
                ipv6-name WAN6-LOCAL
            }
            out {
                name EMPTY
            }
        }
    }
    ethernet eth1 {
        vif 100 {
            firewall {
                in {
                    name LAN-IN
                }
            }
        }
        vif 20 {
            firewall {
                out {
                    ipv6-name WAN6-LOCAL
                    name LAN-IN
                }
            }
        }
    }
    ethernet eth2 {
        vif-s 20 {
            firewall {
                in {
                    name LAN-IN
                }
            }
            vif-c 7 {
                firewall {
                    local {
                        name LAN-IN
                    }
                }
            }
        }
    }
    loopback lo {
    }
    openvpn vtun0 {
        firewall {
            in {
                name LAN-IN
            }
        }
    }
    pppoe pppoe0 {
        firewall {
            in {
                name LAN-IN
            }
            local {
                name EMPTY
            }
        }
        source-interface eth0
    }
    tunnel tun0 {
        firewall {
            in {
                name LAN-IN
            }
        }
    }
    wireguard wg01 {
    }
}
system {
    conntrack {
        timeout {
            icmp 30
            other 600
            tcp {
                established 86400
            }
            udp {
                stream 180
            }
        }
    }
    ip {
        disable-directed-broadcast
    }
}
zone-policy {
    zone LAN {
        default-action drop
        from WAN {
            firewall {
                ipv6-name WAN6-LOCAL
                name LAN-IN
            }
        }
        interface eth1
        interface vtun+
    }
    zone LOCAL {
        default-action drop
        local-zone
    }
    zone WAN {
        default-action drop
        interface eth0
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:broadcast-relay@1:cluster@2:config-management@1:conntrack@5:conntrack-sync@2:container@2:dhcp-relay@2:dhcp-server@11:dhcpv6-server@6:dns-dynamic@4:dns-forwarding@4:firewall@5:flow-accounting@1:https@7:ids@1:interfaces@33:ipoe-server@4:ipsec@13:isis@3:l2tp@9:lldp@2:mdns@1:monitoring@1:nat@8:nat66@3:ntp@3:openconnect@3:openvpn@4:ospf@2:pim@1:policy@8:pppoe-server@11:pptp@5:qos@2:quagga@11:reverse-proxy@2:rip@1:rpki@2:salt@1:snmp@3:ssh@2:sstp@6:system@27:vrf@3:vrrp@4:vyos-accel-ppp@2:wanloadbalance@3:webproxy@2"
