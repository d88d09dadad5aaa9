# A client, and a router (10.9.0.1, fd00:9::1) in front of 198.51.100.0/24 and 2001:db8:7::/64 that refuses DNS in the
# ways that routers have. Runs as root in a network namespace of its own, which becomes the client.
unshare -n sleep 60 &
router=$!
in_router() { nsenter -t "$router" -n "$@"; }
own=$(readlink /proc/self/ns/net)
for _ in $(seq 200); do
  [ "$(readlink "/proc/$router/ns/net")" = "$own" ] || break
  sleep 0.02
done

ip link set lo up
ip link add client type veth peer name router netns "$router"
ip addr add 10.9.0.2/24 dev client
ip addr add fd00:9::2/64 dev client nodad
ip link set client up
in_router ip link set lo up
in_router ip addr add 10.9.0.1/24 dev router
in_router ip addr add fd00:9::1/64 dev router nodad
in_router ip link set router up
in_router sh -c '
  echo 1 >/proc/sys/net/ipv4/ip_forward
  echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
  echo 0 >/proc/sys/net/ipv4/icmp_ratelimit
  echo 0 >/proc/sys/net/ipv6/icmp/ratelimit'
in_router ip route add 198.51.100.0/24 via 10.9.0.2
in_router ip route add 2001:db8:7::/64 via fd00:9::2
ip route add 198.51.100.0/24 via 10.9.0.1
ip route add 2001:db8:7::/64 via fd00:9::1

in_router nft -f - <<'END'
table inet rules {
  chain forward {
    type filter hook forward priority 0; policy drop;
    udp dport 53 reject with icmpx type admin-prohibited
    udp dport 54 reject
  }
}
END
nft -f - <<'END'
table inet rules {
  chain output {
    type filter hook output priority 0; policy accept;
    udp dport 55 drop
  }
}
END
