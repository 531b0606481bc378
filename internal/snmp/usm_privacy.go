package snmp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/subtle"
	"encoding/binary"
	"errors"
)

// privCipher says how a privacy protocol uses its key.
type privCipher struct {
	keyLen int
	des    bool // CBC-DES (RFC 3414 section 8); otherwise CFB128-AES (RFC 3826)
	reeder bool // the key is extended as Cisco does, by draft-reeder-snmpv3-usm-3desede-00
}

func newPrivCipher(protocol string) (privCipher, bool) {
	c, ok := map[string]privCipher{"DES": {keyLen: 16, des: true}, "AES-128": {keyLen: 16}, "AES-192": {keyLen: 24}, "AES-256": {keyLen: 32},
		"AES-192-C": {keyLen: 24, reeder: true}, "AES-256-C": {keyLen: 32, reeder: true}}[protocol]
	return c, ok
}

// encrypt gives an encrypted scopedPDU and the privParams that go with it.
func (k *usmKeys) encrypt(plain []byte, boots, seconds uint32, salt uint64) (data, privParams []byte, err error) {
	if k.privKey == nil {
		return nil, nil, errors.New("the user has no privacy key")
	}
	k.lengthen()
	if k.cipher.des {
		salt = uint64(boots)<<32 | salt&(1<<32-1) // RFC 3414 section 8.1.1.1
		privParams = saltFrom(salt)
		block, iv, err := k.des(privParams)
		if err != nil {
			return nil, nil, err
		}
		data = append([]byte{}, plain...)
		for len(data)%des.BlockSize != 0 {
			data = append(data, 0)
		}
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
		return data, privParams, nil
	}
	privParams = saltFrom(salt)
	data, err = k.cfb(plain, boots, seconds, privParams, true)
	return data, privParams, err
}

// decrypt gives the scopedPDU, with padding after it.
func (k *usmKeys) decrypt(data []byte, boots, seconds uint32, privParams []byte) ([]byte, error) {
	if k.privKey == nil || len(privParams) != 8 {
		return nil, errDecryption
	}
	k.lengthen()
	if !k.cipher.des {
		return k.cfb(data, boots, seconds, privParams, false)
	}
	if len(data) == 0 || len(data)%des.BlockSize != 0 {
		return nil, errDecryption
	}
	block, iv, err := k.des(privParams)
	if err != nil {
		return nil, err
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
	return plain, nil
}

// des gives the cipher and the IV: the salt XORed with the pre-IV, which is
// the second half of the key.
func (k *usmKeys) des(salt []byte) (cipher.Block, []byte, error) {
	block, err := des.NewCipher(k.privKey[:8])
	iv := make([]byte, des.BlockSize)
	subtle.XORBytes(iv, k.privKey[8:16], salt)
	return block, iv, err
}

// cfb is AES in CFB mode with 128 bits of feedback; its IV is boots, time and
// salt (RFC 3826 section 3.1.2.1).
func (k *usmKeys) cfb(in []byte, boots, seconds uint32, salt []byte, encrypt bool) ([]byte, error) {
	block, err := aes.NewCipher(k.privKey)
	if err != nil {
		return nil, err
	}
	feedback := binary.BigEndian.AppendUint32(nil, boots)
	feedback = binary.BigEndian.AppendUint32(feedback, seconds)
	feedback = append(feedback, salt...)
	out, stream := make([]byte, len(in)), make([]byte, aes.BlockSize)
	for at := 0; at < len(in); at += aes.BlockSize {
		block.Encrypt(stream, feedback)
		n := subtle.XORBytes(out[at:], in[at:], stream)
		encrypted := in
		if encrypt {
			encrypted = out
		}
		copy(feedback, encrypted[at:at+n])
	}
	return out, nil
}
