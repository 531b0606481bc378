service {
    ssh {
        ciphers aes256-ctr
        loglevel DEBUG
    }
}
system {
    config-management {
        commit-revisions 50
    }
    ntp {
        server b {
        }
        listen-address 2001:db8::1
        listen-address 2001:db8::2
        listen-address 10.0.0.1
    }
}
vpn {
    openconnect {
        authentication {
            mode local
        }
        tls-version-min 1.2
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:broadcast-relay@1:cluster@2:conntrack@5:conntrack-sync@2:dhcp-relay@2:dhcp-server@11:dhcpv6-server@6:dns-dynamic@4:dns-forwarding@4:firewall@17:flow-accounting@1:https@7:ids@1:interfaces@33:ipoe-server@4:ipsec@13:isis@3:l2tp@9:lldp@2:mdns@1:monitoring@1:nat@8:nat66@3:openvpn@4:ospf@2:pim@1:policy@8:pppoe-server@11:pptp@5:qos@2:quagga@11:reverse-proxy@2:rip@1:rpki@2:salt@1:sstp@6:system@27:vrf@3:vrrp@4:vyos-accel-ppp@2:wanloadbalance@3:webproxy@2"
