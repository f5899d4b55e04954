# Runs in the namespaces of a booted system with new ones for mounts and the host's name: gives the words after WAY
# files of their own, whose changes disappear. ROOT is the system's root, WAY exec or terminal.
set -e
root=$1 way=$2
shift 2
scope=$root/sys/fs/cgroup/user.slice/user-0.slice/session-1.scope
mkdir -p "$scope"
echo $$ > "$scope/cgroup.procs"
own=$(dirname "$root")/own
mkdir -p "$own"
mount -t tmpfs none "$own"
mkdir "$own/upper" "$own/work" "$own/root"
mount -t overlay -o "lowerdir=$root,upperdir=$own/upper,workdir=$own/work" none "$own/root"
for folder in proc sys dev run; do
  mount --rbind "$root/$folder" "$own/root/$folder"
done
cd "$own/root"
ulimit -Sn 1024
[ "$way" = terminal ] || set -- chroot . sh -c 'cd /root; "$@"; exit $?' sh "$@"
exec setpriv --bounding-set -sys_module,-sys_time,-sys_boot,-sys_rawio,-mknod,-syslog "$@"
