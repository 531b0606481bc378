service {
    dns {
        dynamic {
            address eth0 {
                service a_b {
                    host-name h
                    protocol dnsexit
                    username u
                }
                service a-b {
                    host-name h2
                    protocol dnsexit2
                    username u
                }
                web-options {
                    url http://x
                }
            }
            address web {
                rfc2136 q {
                    host-name h
                    key k
                }
                service "näme-(x)" {
                    host-name h
                    protocol foo
                }
            }
            timeout 60
        }
        forwarding {
            allow-from 10.0.0.0/8
            domain x {
                server 1.1.1.1
            }
        }
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:broadcast-relay@1:cluster@2:config-management@1:conntrack@5:conntrack-sync@2:container@2:dhcp-relay@2:dhcp-server@11:dhcpv6-server@6:dns-dynamic@1:dns-forwarding@2:firewall@17:flow-accounting@1:https@7:ids@1:interfaces@33:ipoe-server@4:ipsec@13:isis@3:l2tp@9:lldp@2:mdns@1:monitoring@1:nat@8:nat66@3:ntp@3:openconnect@3:openvpn@4:ospf@2:pim@1:policy@8:pppoe-server@11:pptp@5:qos@2:quagga@11:reverse-proxy@2:rip@1:rpki@2:salt@1:snmp@3:ssh@2:sstp@6:system@27:vrf@3:vrrp@4:vyos-accel-ppp@2:wanloadbalance@3:webproxy@2"
