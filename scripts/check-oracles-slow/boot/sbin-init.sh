#!/bin/busybox sh
# Stands for machined: runs, or ends as the guest is told to.
[ "$1" = foreign ] && exec /bin/busybox poweroff -f
echo "[talos] early startup done" > /dev/kmsg
case $1 in
  panicking) exit 1 ;;
  leaving) /bin/busybox poweroff -f ;;
  restarting) echo "[talos] rebooting in 10 seconds" > /dev/kmsg ;;
  endless) while :; do echo "[talos] controller failed, trying again, and again, and again, and again, and again, and again"; done > /dev/kmsg ;;
esac
exec /bin/busybox sleep 1000
