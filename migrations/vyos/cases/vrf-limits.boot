interfaces {
    ethernet eth0 {
        vrf 1red
    }
    ethernet eth1 {
        vrf blue
    }
}
policy {
    local-route {
        rule 10 {
            set {
                table 70000
            }
            source {
                address 192.0.2.1
            }
        }
    }
    route PBR {
        rule 10 {
            set {
                table 70000
            }
        }
        rule 20 {
            set {
                table 101
            }
        }
    }
}
protocols {
    static {
        route 10.0.0.0/8 {
            next-hop 192.0.2.1 {
                vrf 1red
            }
        }
        table 70000 {
            route 10.0.0.0/8 {
                next-hop 192.0.2.9 {
                }
            }
        }
    }
}
service {
    ssh {
        vrf 1red
    }
}
vrf {
    name 1red {
        table 70000
    }
    name blue {
        table 100
    }
    name v1red {
        table 80000
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:broadcast-relay@1:cluster@2:config-management@1:conntrack@5:conntrack-sync@2:container@2:dhcp-relay@2:dhcp-server@11:dhcpv6-server@6:dns-dynamic@4:dns-forwarding@4:firewall@17:flow-accounting@1:https@7:ids@1:interfaces@33:ipoe-server@4:ipsec@13:isis@3:l2tp@9:lldp@2:mdns@1:monitoring@1:nat@8:nat66@3:ntp@3:openconnect@3:openvpn@4:ospf@2:pim@1:pppoe-server@11:pptp@5:qos@2:policy@8:quagga@11:reverse-proxy@2:rip@1:rpki@2:salt@1:snmp@3:ssh@2:sstp@6:system@27:vrf@2:vrrp@4:vyos-accel-ppp@2:wanloadbalance@3:webproxy@2"
