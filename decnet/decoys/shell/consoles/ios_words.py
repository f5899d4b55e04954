# ruff: noqa: E501 (one command per line)
"""The words of IOS's configuration, by mode: a line per command, its help behind the bar. `*` ends a command there.

Source: Cisco's command references of IOS 15.2(7)E and of IOS XE 16.12."""

from __future__ import annotations

from functools import cache

from .grammar import Run, Word

COMMON = """
*exit | Exit from configure mode
*end | Exit from configure mode
no | Negate a command or set its defaults
default | Set a command to its defaults
"""
GLOBAL = """
aaa | Authentication, Authorization and Accounting.
*aaa new-model | Enable NEW access control commands and functions.(Disables OLD commands.)
aaa authentication | Authentication configurations parameters.
*aaa authentication LINE | Authentication lists
aaa authorization | Authorization configurations parameters.
*aaa authorization LINE | Authorization lists
access-list | Add an access list entry
access-list <1-2699> | IP access list
*access-list <1-2699> LINE | Specify packets to reject or forward
banner | Define a login banner
*banner motd LINE | Set Message of the Day banner
*banner login LINE | Set login banner
cdp | Global CDP configuration subcommands
*cdp run | Enable CDP
*cdp timer <5-254> | Specify the rate at which CDP packets are sent (in sec)
clock | Configure time-of-day clock
*clock timezone LINE | Configure time zone
*clock summer-time LINE | Configure summer (daylight savings) time
crypto | Encryption module
crypto key | Long term key operations
crypto key generate | Generate new keys
*crypto key generate rsa | Generate RSA keys
*crypto key generate rsa LINE | Provide a general purpose or modulus of keys
*crypto key zeroize rsa | Remove RSA keys
enable | Modify enable password parameters
*enable password LINE | Assign the privileged level password (MAX of 25 characters)
*enable secret LINE | Assign the privileged level secret (MAX of 25 characters)
hostname | Set system's network name
*hostname WORD | This system's network name
interface | Select an interface to configure
*interface LINE | Interface type and number
ip | Global IP configuration subcommands
ip access-list | Named access-list
*ip access-list standard WORD | Standard Access List
*ip access-list extended WORD | Extended Access List
*ip default-gateway A.B.C.D | IP address of default gateway
*ip domain-lookup | Enable IP Domain Name System hostname translation
*ip domain-name WORD | Default domain name
ip dhcp | Configure DHCP server and relay parameters
*ip dhcp snooping | DHCP Snooping
ip http | HTTP server configuration
*ip http server | Enable http server
*ip http secure-server | Enable HTTP secure server
*ip http authentication LINE | Set http server authentication method
*ip name-server A.B.C.D | Domain server IP address
ip route | Establish static routes
*ip route A.B.C.D A.B.C.D A.B.C.D | Forwarding router's address
*ip routing | Enable IP routing
ip scp | Scp commands
*ip scp server enable | Enable the SCP server
ip ssh | Configure ssh options
*ip ssh version <1-2> | Protocol version to be supported
*ip ssh time-out <1-120> | SSH time-out interval
*ip ssh authentication-retries <0-5> | Number of authentication retries
line | Configure a terminal line
*line con <0-0> | Primary terminal line
*line vty <0-15> | Virtual terminal
*line vty <0-15> <1-15> | Last Line number
lldp | Global LLDP configuration subcommands
*lldp run | Enable LLDP
logging | Modify message logging facilities
*logging A.B.C.D | IP address of the syslog server
*logging buffered | Set buffered logging parameters
*logging buffered <4096-2147483647> | Logging buffer size
*logging console | Set console logging parameters
*logging host WORD | Set syslog server IP address and parameters
*logging on | Enable logging to all enabled destinations
*logging trap | Set syslog server logging level
*logging trap WORD | Severity level
monitor | Configuring different monitors
*monitor session <1-66> LINE | SPAN session
ntp | Configure NTP
*ntp server WORD | Hostname or A.B.C.D of peer
*ntp source LINE | Configure interface for source address
service | Modify use of network based services
*service password-encryption | Encrypt system passwords
*service timestamps | Timestamp debug/log messages
*service timestamps LINE | Timestamp debug/log messages
*service config | TFTP load config files
*service pad | Enable PAD commands
*service tcp-keepalives-in | Generate keepalives on idle incoming network connections
*service tcp-keepalives-out | Generate keepalives on idle outgoing network connections
snmp-server | Modify SNMP engine parameters
*snmp-server community WORD | SNMP community string
*snmp-server community WORD LINE | Read-only or read-write access
*snmp-server contact LINE | Text for mib object sysContact
*snmp-server enable traps | Enable SNMP Traps
*snmp-server enable traps LINE | Enable SNMP Traps
*snmp-server host WORD LINE | Specify hosts to receive SNMP notifications
*snmp-server location LINE | Text for mib object sysLocation
spanning-tree | Spanning Tree Subsystem
*spanning-tree mode WORD | Spanning tree operating mode
*spanning-tree portfast default | Enable portfast by default on all access ports
*spanning-tree portfast bpduguard default | Enable bpdu guard by default on all portfast ports
*spanning-tree vlan LINE | VLAN Switch Spanning Tree
tftp-server | Provide TFTP service for netload requests
*tftp-server LINE | Allow URL file TFTP load requests
username | Establish User Name Authentication
username WORD | User name
*username WORD LINE | Privilege and password of the user
vlan | Vlan commands
*vlan <1-4094> | ISL VLAN IDs 1-4094
vtp | Configure global VTP state
*vtp mode WORD | Configure VTP device mode
*vtp domain WORD | Set the name of the VTP administrative domain.
"""
INTERFACE = """
cdp | CDP interface subcommands
*cdp enable | Enable CDP on interface
channel-group | Etherchannel/port bundling configuration
*channel-group <1-128> mode WORD | Etherchannel Mode of the interface
description | Interface specific description
*description LINE | Up to 200 characters describing this interface
duplex | Configure duplex operation.
*duplex auto | Enable AUTO duplex configuration
*duplex full | Force full duplex operation
*duplex half | Force half-duplex operation
ip | Interface Internet Protocol config commands
ip access-group | Specify access control for packets
*ip access-group LINE | Access-list name or number
*ip address A.B.C.D A.B.C.D | IP subnet mask
*ip address dhcp | IP Address negotiated via DHCP
*ip helper-address A.B.C.D | Specify a destination address for UDP broadcasts
mtu | Set the interface Maximum Transmission Unit (MTU)
*mtu <1500-9198> | MTU size in bytes
shutdown | Shutdown the selected interface
*shutdown | Shutdown the selected interface
spanning-tree | Spanning Tree Subsystem
*spanning-tree bpduguard enable | Enable BPDU guard for this interface
*spanning-tree portfast | Enable an interface to move directly to forwarding on link up
*spanning-tree portfast trunk | Enable portfast on the interface even in trunk mode
speed | Configure speed operation.
*speed 10 | Force 10 Mbps operation
*speed 100 | Force 100 Mbps operation
*speed 1000 | Force 1000 Mbps operation
*speed auto | Enable AUTO speed configuration
storm-control | storm configuration
*storm-control LINE | Broadcast, multicast or unicast address storm control
switchport | Set switching mode characteristics
*switchport | Set switching mode characteristics
*switchport access vlan <1-4094> | VLAN ID of the VLAN when this port is in access mode
*switchport mode access | Set trunking mode to ACCESS unconditionally
*switchport mode dynamic LINE | Set trunking mode to dynamically negotiate access or trunk mode
*switchport mode trunk | Set trunking mode to TRUNK unconditionally
*switchport nonegotiate | Device will not engage in negotiation protocol on this interface
*switchport port-security | Security related command
*switchport port-security LINE | Security related command
*switchport trunk allowed vlan LINE | Set allowed VLANs when interface is in trunking mode
*switchport trunk native vlan <1-4094> | VLAN ID of the native VLAN when this port is in trunking mode
*switchport voice vlan <1-4094> | Vlan for voice traffic
"""
LINE = """
access-class | Filter connections based on an IP access list
*access-class LINE | IP access list
exec-timeout | Set the EXEC timeout
*exec-timeout <0-35791> | Timeout in minutes
*exec-timeout <0-35791> <0-2147483> | Timeout in seconds
history | Enable and control the command history function
*history size <0-256> | Size of history buffer
length | Set number of lines on a screen
*length <0-512> | Number of lines on screen (0 for no pausing)
logging | Modify message logging facilities
*logging synchronous | Synchronized message output
login | Enable password checking
*login | Enable password checking
*login local | Local password checking
password | Set a password
*password LINE | The UNENCRYPTED (cleartext) line password
privilege | Change privilege level for line
*privilege level <0-15> | Default privilege level for line
session-timeout | Set interval for closing connection when there is no input traffic
*session-timeout <0-35791> | Session timeout interval in minutes
stopbits | Set async line stop bits
*stopbits 1 | One stop bit
transport | Define transport protocols for line
transport input | Define which protocols to use when connecting to the terminal server
*transport input LINE | Protocols
*transport output LINE | Protocols
*transport preferred WORD | Protocol
"""
VLAN = """
name | Ascii name of the VLAN
*name WORD | The ascii name for the VLAN
private-vlan | Configure a private VLAN
*private-vlan LINE | Type of private VLAN
remote-span | Configure as Remote SPAN VLAN
*remote-span | Configure as Remote SPAN VLAN
shutdown | Shutdown VLAN switching
*shutdown | Shutdown VLAN switching
state | Operational state of the VLAN
*state active | VLAN Active State
*state suspend | VLAN Suspended State
"""
ACCESS = """
deny | Specify packets to reject
*deny LINE | Packets
permit | Specify packets to forward
*permit LINE | Packets
remark | Access list entry comment
*remark LINE | Comment
"""
MODES = {"config": GLOBAL, "config-if": INTERFACE, "config-if-range": INTERFACE, "config-line": LINE, "config-vlan": VLAN,
         "config-std-nacl": ACCESS, "config-ext-nacl": ACCESS}  # fmt: skip
"""The commands of each mode, by the name in the prompt."""
HEADS = {"config": "Configure commands:", "config-if": "Interface configuration commands:", "config-if-range": "Interface configuration commands:",
         "config-line": "Line configuration commands:", "config-vlan": "VLAN configuration commands:",
         "config-std-nacl": "Standard Access List configuration commands:", "config-ext-nacl": "Ext Access List configuration commands:"}  # fmt: skip
"""What `?` prints first."""


def made(mode: str, kept: Run, own: dict[str, Run]) -> Word:
    """The table of a mode. `kept` takes what is only stored, `own` are the others by the begin of their words."""
    root = Word()
    for path, text, ends in _lines(MODES[mode] + COMMON):
        run = next((own[name] for name in own if path == name or path.startswith(f"{name} ")), kept)
        root.add(path, text, run if ends else None)
    positive = {
        name: word for name, word in root.next.items() if name not in ("exit", "end", "no", "default")
    }
    for name in ("no", "default"):
        root.next[name].next = positive
    return root


@cache
def _lines(text: str) -> tuple[tuple[str, str, bool], ...]:
    rows = (line.partition(" | ") for line in text.strip().split("\n"))
    return tuple((path.lstrip("*"), help_text, path.startswith("*")) for path, _, help_text in rows)
