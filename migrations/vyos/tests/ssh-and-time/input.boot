interfaces {
    loopback lo {
    }
}
service {
    ssh {
        allow-root
        port 22
    }
}
system {
    host-name edge
    ntp {
        server 0.pool.ntp.org {
        }
    }
}


/* Warning: Do not remove the following line. */
/* === vyatta-config-version: "ssh@0:ntp@0:system@10" === */
/* Release version: 1.2.5 */
