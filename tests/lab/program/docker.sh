#!/bin/sh
# What Docker 28 does on a machine with one container that publishes its port 80 as 80 and 8088: a bridge, a network
# namespace, and its own rules, given by iptables as it does. It was there first and switched forwarding on, so that it
# drops what is forwarded.
set -eu
command -v iptables >/dev/null || apt-get -qq install -y --no-install-recommends iptables >/dev/null
ip link add docker0 type bridge
ip addr add 172.17.0.1/16 dev docker0
ip link set docker0 up
ip netns add shop
ip link add veth-shop master docker0 type veth peer name eth0 netns shop
ip link set veth-shop up
ip -n shop addr add 172.17.0.2/16 dev eth0
ip -n shop link set eth0 up
ip -n shop route add default via 172.17.0.1
mkdir -p /srv/shop
echo "from the container" >/srv/shop/index.html
systemd-run --quiet --unit=shop --property=NetworkNamespacePath=/run/netns/shop --working-directory=/srv/shop python3 -m http.server 80
sysctl -qw net.ipv4.ip_forward=1
iptables -P FORWARD DROP
for chain in DOCKER DOCKER-USER DOCKER-FORWARD DOCKER-CT; do iptables -N $chain; done
iptables -A FORWARD -j DOCKER-USER
iptables -A FORWARD -j DOCKER-FORWARD
iptables -A DOCKER-FORWARD -j DOCKER-CT
iptables -A DOCKER-FORWARD -o docker0 -j DOCKER
iptables -A DOCKER-FORWARD -i docker0 -j ACCEPT
iptables -A DOCKER-CT -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT
iptables -A DOCKER ! -i docker0 -o docker0 -j DROP
iptables -t nat -N DOCKER
iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
for port in 80 8088; do
    iptables -t nat -A DOCKER ! -i docker0 -p tcp --dport $port -j DNAT --to-destination 172.17.0.2:80
done
