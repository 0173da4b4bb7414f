import { giveIpv6, ipv6Commands } from "../../lab/ipv6";
import { setBlock, setCable, setLink, setLoss, setMtu, setNat, setPublicAddress } from "../../lab/trouble";

test.each<[string, (a: string, b: string) => void, [string, string], RegExp]>([
    ["a home that there is not", setLink, ["cut", "attic"], /no home "attic".*home, cabin, office/],
    ["the internet as a home", setLoss, ["internet", "5"], /no home "internet"/],
    ["a home without cables for IPv6", giveIpv6, ["attic", ""], /no home "attic"/],
    ["another action", setLink, ["chew", "home"], /cut or restore/],
    ["another use of a cable", setCable, ["cut", "cabin"], /add or remove/],
    ["an address of another network", setPublicAddress, ["home", "198.51.100.7"], /203\.0\.113\.0\/24/],
    ["another kind of NAT", setNat, ["home", "carrier"], /cone or symmetric/],
    ["too narrow a cable", setMtu, ["home", "575"], /576 to 1500/],
    ["too wide a cable", setMtu, ["home", "1501"], /576 to 1500/],
    ["a port that is none", setBlock, ["alice", "any"], /no port/],
    ["a machine that there is not", setBlock, ["bob", "51820"], /no machine "bob"/],
    ["more than all packets", setLoss, ["home", "100"], /0 to 90/],
])("%s is refused before anything is done", (_, set, args, words) => {
    expect(() => {
        set(...args);
    }).toThrow(words);
});

test("a home's IPv6 ends as its IPv4 does, and leads to the other homes", () => {
    const commands = ipv6Commands("cabin", { octavia: "192.168.9.11" }).map((words) => words.join(" "));
    expect(commands).toEqual([
        "-n se-cabin -6 address replace 2001:db8:9::1/64 dev bridge nodad",
        "-n se-cabin -6 address replace 2001:db8:203::21/64 dev wan nodad",
        "-n se-cabin -6 route replace 2001:db8:8::/64 via 2001:db8:203::20",
        "-n se-cabin -6 route replace 2001:db8:10::/64 via 2001:db8:203::22",
        "-n se-octavia -6 address replace 2001:db8:9::11/64 dev eth0 nodad",
        "-n se-octavia -6 route replace default via 2001:db8:9::1",
    ]);
});
