# ruff: noqa: E501 (one command per line)
"""The commands of Cisco's switches outside of the configuration."""

from __future__ import annotations

from collections.abc import Mapping

from .grammar import Run, Word
from .ios_show import Show

COMMANDS = """
enable | Turn on privileged commands | 1 | enable
enable <0-15> | Enable level | 1 | enable
disable | Turn off privileged commands | 1 | disable
exit | Exit from the EXEC | 1 | leave
logout | Exit from the EXEC | 1 | leave
quit | Exit from the EXEC | 1 | leave
terminal | Set terminal line parameters
terminal length | Set number of lines on a screen
terminal length <0-512> | Number of lines on screen (0 for no pausing) | 1 | length
terminal width | Set width of the display terminal
terminal width <0-512> | Number of characters on a screen line | 1 | nothing
terminal no | Negate a command or set its defaults
terminal no length | Set number of lines on a screen | 1 | usual_length
terminal monitor | Copy debug output to the current terminal line | 15 | nothing
ping | Send echo messages
ping WORD | Ping destination address or hostname | 1 | ping
ping ip | IP echo
ping ip WORD | Destination address or hostname | 1 | ping
traceroute | Trace route to destination
traceroute WORD | Trace route to destination address or hostname | 1 | trace
traceroute ip | IP Trace
traceroute ip WORD | Destination address or hostname | 1 | trace
telnet | Open a telnet connection
telnet WORD | IP address or hostname of a remote system | 1 | connect
ssh | Open a secure shell client connection
ssh WORD | IP address or hostname of a remote system | 1 | connect
ssh -l | Log in using this user name
ssh -l WORD | Login name
ssh -l WORD WORD | IP address or hostname of a remote system | 1 | connect
clear | Reset functions
clear counters | Clear counters | 15 | nothing
clear logging | Clear logging | 15 | nothing
clear mac | Clear mac | 15 | nothing
clear arp-cache | Clear arp-cache | 15 | nothing
configure | Enter configuration mode | 15 | ask_where
configure terminal | Configure from the terminal | 15 | configure
write | Write running configuration to memory, network, or terminal | 15 | write
write memory | Write to NV memory | 15 | write
write terminal | Write to terminal | 15 | text
write erase | Erase NV memory | 15 | failed
copy | Copy from one file to another | 15
copy running-config | Copy from current system configuration | 15
copy running-config startup-config | Copy to startup configuration | 15 | ask_name
copy running-config WORD | Copy to a URL | 15 | copy
copy WORD | Copy from a URL | 15
copy WORD WORD | Copy to a URL | 15 | copy
dir | List files on a filesystem | 15 | flash
dir WORD | Directory or file name | 15 | flash
reload | Halt and perform a cold restart | 15 | failed
undebug | Disable debugging functions | 15
undebug all | Turn off all debugging | 15 | undebug
"""
"""A line per command: its words, help, level, and what it does."""


def made(runs: Mapping[str, Run], show: Show) -> Word:
    """The table of one session; `runs`: what the names at the ends of lines do."""
    root = Word()
    for line in COMMANDS.strip().split("\n"):
        path, help_text, *rest = line.split(" | ")
        level, run = (*rest, *("1", "")[len(rest) :])
        root.add(path, help_text, runs.get(run), int(level))
    show.add_to(root)
    return root
