// A TURN server of pion for the bench: pion ADDRESS PORT REALM SECRET.
package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net"
	"os"

	"github.com/pion/turn/v2"
)

func main() {
	address, port, realm, secret := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	socket, err := net.ListenPacket("udp4", net.JoinHostPort(address, port))
	if err != nil {
		panic(err)
	}
	_, err = turn.NewServer(turn.ServerConfig{
		Realm: realm,
		AuthHandler: func(username, realm string, _ net.Addr) ([]byte, bool) {
			mac := hmac.New(sha1.New, []byte(secret))
			mac.Write([]byte(username))
			password := base64.StdEncoding.EncodeToString(mac.Sum(nil))
			return turn.GenerateAuthKey(username, realm, password), true
		},
		PacketConnConfigs: []turn.PacketConnConfig{{
			PacketConn: socket,
			RelayAddressGenerator: &turn.RelayAddressGeneratorStatic{
				RelayAddress: net.ParseIP(address),
				Address:      address,
			},
		}},
	})
	if err != nil {
		panic(err)
	}
	select {}
}
