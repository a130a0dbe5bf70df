"""The vocabulary of consoles that are no shells: network gear, firewalls and appliances.

Their commands are plain words ("show ip route", "display version"): only vocabulary tells them from talk.
"""

from techne.documents.engines.extractive.listing import words

CONSOLE_VERBS = words(
    "show display ping traceroute get diagnose diag debug undebug undo clear execute request monitor sh"
)
"""Words that such a command begins with, imperative forms only."""

CONSOLE_WORDS = words(
    "ip ipv6 route routes interface interfaces int status version brief bgp neighbor neighbors "
    "neighbour neighbours summary vlan vlans mac address-table mac-address arp cdp lldp detail log "
    "logging running-config startup-config run policy-map class-map input output ospf eigrp rip isis "
    "mpls vrf spanning-tree etherchannel port-channel lacp inventory environment power inline "
    "counters errors description trunk switchport access-list access-lists crypto isakmp ipsec ikev2 "
    "sa session sessions system firewall policy router routing-table sys peers peer advertised-routes "
    "received-routes processes cpu memory history transceiver optics err-disabled configuration "
    "current-configuration controllers platform hardware chassis alarms ntp associations clock "
    "standby vrrp hsrp glbp nat translations dhcp binding snooping pool tech-support redundancy stack "
    "switch module poe cable-diagnostics tdr dot1x authentication aaa radius tacacs snmp community ap "
    "wlan client clients voice call active dial-peer sip-ua register calls registrations isdn "
    "debugging sniffer packet performance top vpn tunnel list full-configuration eth-trunk stp device "
    "health terse extensive commit chassis-cluster high-availability ha global statistics stats queue "
    "queues qos queueing mroute igmp pim table all gateway flow cache monitor span acl object-group "
    "xlate conn failover asp drop size repeat source count df-bit info sip messages soft "
    "sla track ccsip port"
)
"""Words that go on in one."""

CERTAIN_SECOND = words(
    "ip ipv6 bgp vlan mac arp cdp lldp ospf eigrp mpls vrf spanning-tree etherchannel port-channel "
    "running-config startup-config policy-map class-map crypto isakmp ipsec ikev2 vpn ntp snmp "
    "interface interfaces int sys access-list access-lists logging sip-ua dial-peer "
    "current-configuration version"
)
"""Words that make it one right after its verb, said nowhere else in that place without an article."""

TAKES_NAME = words(
    "policy-map class-map vrf vlan interface interfaces neighbor neighbors peer access-list community "
    "address object-group source repeat size count int tunnel"
)
"""Words of such commands that a name or an address follows."""

INTERFACES = words(
    "gi gig ge te ten tengig fa fas fastethernet gigabitethernet tengigabitethernet et eth ethernet "
    "xe twe hu fo po vl serial s e ae port gigabit eth-trunk"
)
"""Names of interfaces, which a number follows."""

LONG_NAMES_OF_INTERFACES = words(
    "fastethernet gigabitethernet tengigabitethernet ethernet serial port gigabit eth-trunk"
)
"""Those whose number stands apart when typed."""
