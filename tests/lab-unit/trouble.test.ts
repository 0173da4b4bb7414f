import { setBlock, setCable, setLink, setLoss, setMtu, setNat, setPublicAddress } from "../../lab/trouble";

test.each<[string, (a: string, b: string) => void, [string, string], RegExp]>([
    ["a home that there is not", setLink, ["cut", "attic"], /no home "attic".*home, cabin, office/],
    ["the internet as a home", setLoss, ["internet", "5"], /no home "internet"/],
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
