# Runs in a new tree with the system's name: what an installation asks for, and not the packages.
set -e
rm -f /etc/hostname /etc/resolv.conf
echo web01 > /etc/hostname
echo nameserver 192.0.2.1 > /etc/resolv.conf
printf '%s\t%s\n' 127.0.0.1 localhost 127.0.1.1 web01 > /etc/hosts
if [ "$1" = busybox ]; then
  mkdir -p /sbin /usr/bin /usr/sbin /etc/init.d /proc /sys /root /run
  /bin/busybox --install -s
  [ -e /bin/ash ] || ln -s busybox /bin/ash
  echo 'root:x:0:0:root:/root:/bin/ash' > /etc/passwd
  echo 'root:x:0:' > /etc/group
  printf '#!/bin/sh\n' > /etc/init.d/rcS
  chmod 755 /etc/init.d/rcS
  exit 0
fi
cat >> /etc/hosts <<'END'

# The following lines are desirable for IPv6 capable hosts
::1     localhost ip6-localhost ip6-loopback
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
END
sed -i 's/ .trusted=yes.//' /etc/apt/sources.list
echo 'en_US.UTF-8 UTF-8' > /etc/locale.gen
locale-gen
echo root:123456 | chpasswd
useradd -m -s /bin/bash -c admin,,, -G sudo admin
