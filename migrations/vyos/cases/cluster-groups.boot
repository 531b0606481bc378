high-availability {
    vrrp {
        group A {
            interface eth0
            transition-script {
                master /config/scripts/a
                mode-force
            }
            virtual-address 192.0.2.1/24
            virtual-address-excluded 192.0.2.2/24
            vrid 2
        }
    }
}
cluster {
    dead-interval 5000
    group WEB {
        auto-failback true
        monitor 192.0.2.254
        primary one
        secondary two
        service 198.51.100.1/24/eth1
        service 198.51.100.2/24/eth1
    }
    group MAIL {
        primary one
        service 203.0.113.1/24
    }
    group DNS {
        auto-failback false
        service 203.0.113.2/24
    }
    interface eth0
    keepalive-interval 500
    pre-shared-secret secret
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:broadcast-relay@1:cluster@1:config-management@1:conntrack@5:conntrack-sync@2:container@2:dhcp-relay@2:dhcp-server@11:dhcpv6-server@6:dns-dynamic@4:dns-forwarding@4:firewall@17:flow-accounting@1:https@7:ids@1:interfaces@33:ipoe-server@4:ipsec@13:isis@3:l2tp@9:lldp@2:mdns@1:monitoring@1:nat@8:nat66@3:ntp@3:openconnect@3:openvpn@4:ospf@2:pim@1:policy@8:pppoe-server@11:pptp@5:qos@2:quagga@11:reverse-proxy@2:rip@1:rpki@2:salt@1:snmp@3:ssh@2:sstp@6:system@27:vrf@3:vrrp@2:vyos-accel-ppp@2:wanloadbalance@3:webproxy@2"
