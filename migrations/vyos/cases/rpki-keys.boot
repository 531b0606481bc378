protocols {
    rpki {
        cache 192.0.2.1 {
            port 22
            preference 1
            ssh {
                known-hosts-file /config/known
                private-key-file /config/key
                public-key-file /config/key.pub
                username me
            }
        }
        cache 192.0.2.2 {
            port 323
            preference 2
        }
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:broadcast-relay@1:cluster@2:config-management@1:conntrack@5:conntrack-sync@2:container@2:dhcp-relay@2:dhcp-server@11:dhcpv6-server@6:dns-dynamic@4:dns-forwarding@4:firewall@17:flow-accounting@1:https@7:ids@1:interfaces@33:ipoe-server@4:ipsec@13:isis@0:l2tp@9:lldp@2:mdns@1:monitoring@1:nat@8:nat66@3:ntp@3:openconnect@3:openvpn@4:ospf@0:pim@0:policy@8:pppoe-server@11:pptp@5:qos@2:quagga@11:reverse-proxy@2:rip@0:rpki@1:salt@1:snmp@3:ssh@2:sstp@6:system@27:vrf@0:vrrp@4:vyos-accel-ppp@2:wanloadbalance@3:webproxy@2"
