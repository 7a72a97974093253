#!/bin/busybox sh
# Stands for machined: runs, or ends as the guest is told to.
echo "[talos] early startup done" > /dev/kmsg
case $1 in
  panicking) exit 1 ;;
  restarting) echo "[talos] rebooting in 10 seconds" > /dev/kmsg ;;
  endless) while :; do echo "[talos] controller failed, trying again, and again, and again, and again, and again, and again"; done > /dev/kmsg ;;
esac
exec /bin/busybox sleep 1000
