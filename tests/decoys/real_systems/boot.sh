# Runs as root in new namespaces: boots a copy of the tree that disappears with them, with one network card and
# nothing behind it, and without the capabilities that reach the machine around it. ROOT is an empty folder,
# OUTER another network namespace; the words after them are the first process.
set -e
tree=$1 root=$2 outer=$3
shift 3
mount -t tmpfs -o size=1g none "$root"
mkdir "$root/upper" "$root/work" "$root/root"
mount -t overlay -o "lowerdir=$tree,upperdir=$root/upper,workdir=$root/work" none "$root/root"
ip link add eth0 address 00:50:56:01:02:03 type veth peer name far netns "$outer"
nsenter --net="$outer" ip link set far up
ip link set lo up
ip addr add 192.0.2.7/24 brd + dev eth0
ip link set eth0 up
ip route add default via 192.0.2.1
ip neigh add 192.0.2.1 lladdr 00:50:56:00:00:01 dev eth0 nud permanent
hostname web01
cd "$root/root"
mount -t proc -o nosuid,nodev,noexec proc proc
mount --bind proc/sys proc/sys
mount -o remount,ro,bind proc/sys
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 udev dev
for device in null:3 zero:5 full:7 random:8 urandom:9; do
  mknod -m 666 "dev/${device%:*}" c 1 "${device#*:}"
done
mknod -m 666 dev/tty c 5 0
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,gid=5,mode=620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
mount -t tmpfs -o nosuid,nodev tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
exec env -i container=none PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  setpriv --bounding-set -sys_module,-sys_time,-sys_boot,-sys_rawio,-mknod,-syslog chroot . "$@"
