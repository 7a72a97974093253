#!/bin/busybox sh
# Does and says what Talos' init does in the initramfs (siderolabs/talos internal/app/init/main.go): layers of extensions.yaml
# attached and mounted, the last first, the root filesystem below them, then /sbin/init. `guest=` of the command line breaks it.
export PATH=/bin
busybox mkdir -p /dev /proc /sys /layers /root
busybox mount -t devtmpfs devtmpfs /dev
busybox mount -t proc proc /proc
busybox mount -t sysfs sysfs /sys
guest=$(busybox sed -n 's/.*guest=\([a-z]*\).*/\1/p' /proc/cmdline)

say() { echo "[talos] [initramfs] $*" > /dev/kmsg; }
fail() {
  say "recovered from: early boot failed: $*"
  for left in 10 9 8 7 6 5 4 3 2 1 0; do
    say "rebooting in $left seconds"
    busybox sleep 1
  done
  busybox reboot -f
}

[ "$guest" = silent ] && busybox sleep 1000
say "booting Talos v1.11.5"
say "mounting the rootfs"
for module in loop squashfs overlay; do
  busybox xzcat "/modules/$module.ko.xz" > "/modules/$module.ko"
  busybox insmod "/modules/$module.ko" || fail "no $module"
done
busybox mdev -s

busybox awk '/^    - image: /{i=$3} /^        name: /{n=$2} /^        version: /{gsub(/["\047]/,"",$2); print i, n, $2}' /extensions.yaml |
  busybox tac > /order
while read -r image name version; do say "enabling system extension $name $version"; done < /order
echo rootfs.sqsh >> /order

at=0
while read -r image rest; do
  [ -e "/$image" ] || fail "could not open backing file: open $image: no such file or directory"
  busybox losetup -r "/dev/loop$at" "/$image"
  at=$((at + 1))
done < /order
at=0
lower=
while read -r image rest; do
  busybox mkdir -p "/layers/$at"
  busybox mount -t squashfs -o ro "/dev/loop$at" "/layers/$at" || fail "error mounting /dev/loop$at: invalid argument"
  lower=$lower${lower:+:}/layers/$at
  at=$((at + 1))
done < /order
busybox mount -t overlay -o "ro,lowerdir=$lower" overlay /root || fail "error mounting overlay: invalid argument"

say "entering the rootfs"
busybox mount -t devtmpfs devtmpfs /root/dev
say "executing /sbin/init"
exec busybox switch_root /root /sbin/init "$guest"
