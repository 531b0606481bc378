interfaces {
    openvpn vtun0 {
        encryption {
            cipher aes256
            ncp-ciphers aes128
            ncp-ciphers aes256
            ncp-ciphers des
        }
        mode server
        server {
            subnet 10.8.0.0/24
        }
        tls {
            auth-file /config/auth/ta.key
            ca-cert-file /config/auth/ca.pem
            cert-file /config/auth/cert.pem
            crl-file /config/auth/crl.pem
            crypt-file /config/auth/tc.key
            dh-file /config/auth/dh.pem
            key-file /config/auth/key.pem
        }
    }
    openvpn vtun1 {
        encryption {
            cipher bf128
        }
        mode site-to-site
        shared-secret-key-file /config/auth/secret
    }
    openvpn vtun2 {
        encryption {
            cipher aes128
        }
        mode site-to-site
        shared-secret-key-file /config/auth/secret
    }
    openvpn vtun3 {
        encryption {
            cipher none
        }
        mode client
    }
    openvpn vtun4 {
        encryption {
            cipher none
            ncp-ciphers aes192
        }
        mode server
        server {
            topology subnet
        }
    }
    openvpn vtun5 {
        encryption {
            ncp-ciphers des
        }
        mode server
    }
}

// vyos-config-version: "interfaces@13:system@27"
