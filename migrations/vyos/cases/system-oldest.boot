interfaces {
    ethernet eth0 {
        address dhcp
        address dhcpv6
        smp_affinity auto
        vif 5 {
            address dhcp
        }
        vif-s 6 {
            address dhcp
        }
    }
    ethernet eth1 {
        address 192.168.1.1/24
        vif 9 {
            address 10.9.0.1/24
        }
        vif-s 6 {
            vif-c 7 {
                address 10.7.0.1/24
            }
        }
    }
    bridge br0 {
        address 192.168.1.2/24
    }
}
protocols {
    static {
        arp 192.168.1.77 {
            hwaddr 00:11:22:33:44:55
        }
        arp 10.9.0.2 {
            hwaddr 00:11:22:33:44:56
        }
        arp 10.7.0.2 {
            hwaddr 00:11:22:33:44:57
        }
        arp 172.16.0.1 {
            hwaddr 00:11:22:33:44:58
        }
        arp 192.168.1.255 {
            hwaddr 00:11:22:33:44:59
        }
        route 10.0.0.0/8 {
            blackhole {
            }
        }
    }
}
system {
    console {
        device ttyS0 {
            modem
            speed 9600
        }
        netconsole {
            foo bar
        }
    }
    domain-search {
        domain a.example
        domain b.example
    }
    gateway-address 192.168.1.254
    ipv6 {
        blacklist
        disable
    }
    login {
        radius-server 192.0.2.1 {
            port 1812
            secret s1
            timeout 4
        }
        radius-server 192.0.2.2 {
            secret s2
        }
        radius-source-address 192.0.2.9
        user op {
            group dip
            group plugdev
            level operator
        }
        user vyos {
            level admin
        }
    }
    options {
        beep-if-fully-booted
        ctrl-alt-del-action reboot
        reboot-on-panic true
    }
    package {
        auto-sync 1
        repository community {
            components main
        }
    }
    sysctl {
        all net.ipv4.foo {
            value 1
        }
        custom net.ipv4.bar {
            value 2
        }
        net.ipv4.ipfrag_time 30
        net.ipv4.igmp_max_memberships 5
    }
    syslog {
        console {
            facility protocols {
                level err
            }
        }
        file x {
            facility protocols {
                level err
            }
        }
        global {
            archive {
                file 5
                size 1536
            }
            facility all {
                level notice
            }
            facility local7 {
                level debug
            }
            facility protocols {
                level debug
            }
            facility security {
                level debug
            }
        }
        host 10.0.0.1:1514 {
            facility all {
                level info
                protocol tcp
            }
            facility protocols {
                level debug
                protocol udp
            }
        }
        host log.example {
            facility security {
                level info
            }
        }
    }
    time-zone Los_Angeles
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:broadcast-relay@1:cluster@2:config-management@1:conntrack@5:conntrack-sync@2:container@2:dhcp-relay@2:dhcp-server@11:dhcpv6-server@6:dns-dynamic@4:dns-forwarding@4:firewall@17:flow-accounting@1:https@7:ids@1:interfaces@33:ipoe-server@4:ipsec@13:isis@3:l2tp@9:lldp@2:mdns@1:monitoring@1:nat@8:nat66@3:ntp@3:openconnect@3:openvpn@4:ospf@2:pim@1:policy@8:pppoe-server@11:pptp@5:qos@2:quagga@11:reverse-proxy@2:rip@1:rpki@2:salt@1:snmp@3:ssh@2:sstp@6:system@6:vrf@3:vrrp@4:vyos-accel-ppp@2:wanloadbalance@3:webproxy@2"
