// One variant of the image made by hand, with the tools that imager itself calls and their options.
import type { Step } from './measure/measure.ts'

export const BUILD_TOOLS = [
  'bash',
  'skopeo',
  'tar',
  'sha256sum',
  'mksquashfs',
  'unsquashfs',
  'depmod',
  'cpio',
  'zstd',
  'objcopy',
] as const

/** The command with which imager squashes an extension (siderolabs/talos internal/pkg/extensions/compress.go). */
const SQUASH = 'mksquashfs -all-root -noappend -no-progress -quiet -comp zstd -Xcompression-level 18'

/**
 * Expects INPUTS (the folder of upstream's parts), EXTENSIONS (names, in build order), RELEASE (of the kernel),
 * COMMAND_LINE, and an empty current folder.
 */
export const BY_HAND: readonly Step[] = [
  {
    phase: 'unpack',
    script: `sha256sum "$INPUTS"/{vmlinuz,initramfs.xz,systemd-stub.efi,systemd-boot.efi} > inputs.sha256
mkdir images
for name in $EXTENSIONS; do
  skopeo --override-os linux --override-arch arm64 copy --quiet "oci:$INPUTS/extensions/$name" "dir:images/$name"
  mkdir -p "extensions/$name"
  for layer in $(grep -oE '"digest": ?"sha256:[0-9a-f]+"' "images/$name/manifest.json" | grep -oE '[0-9a-f]{64}' | tail -n +2); do
    tar -xzf "images/$name/$layer" -C "extensions/$name"
  done
done`,
  },
  {
    phase: 'firmware',
    script: `mkdir -p segment/usr/lib
for name in $EXTENSIONS; do
  firmware="extensions/$name/rootfs/usr/lib/firmware"
  if [ -d "$firmware" ]; then cp -rL "$firmware" segment/usr/lib/ && rm -r "$firmware"; fi
done`,
  },
  {
    phase: 'mksquashfs',
    script: `number=0
for name in $EXTENSIONS; do
  ${SQUASH.replace('mksquashfs', 'mksquashfs "extensions/$name/rootfs" "segment/$number.sqsh"')}
  number=$((number + 1))
done`,
  },
  {
    phase: 'depmod',
    script: `zstd -dcq "$INPUTS/initramfs.xz" | cpio --extract --quiet rootfs.sqsh
unsquashfs -quiet -no-progress -no-xattrs -dest root rootfs.sqsh usr/lib/modules > /dev/null
ln -s usr/lib root/lib
for name in $EXTENSIONS; do
  modules="extensions/$name/rootfs/usr/lib/modules"
  if [ -d "$modules" ]; then cp -r "$modules" root/usr/lib/; fi
done
depmod --basedir root "$RELEASE"
mkdir -p "index/usr/lib/modules/$RELEASE"
cp root/usr/lib/modules/"$RELEASE"/modules.* "index/usr/lib/modules/$RELEASE/"
${SQUASH.replace('mksquashfs', 'mksquashfs index segment/modules.dep.sqsh')}`,
  },
  {
    phase: 'cpio and zstd -18',
    script: `(cd segment && find . -mindepth 1 | sort | cpio --create --quiet --format=newc --owner=0:0) | zstd -18 -cq > appended
cat "$INPUTS/initramfs.xz" appended > initramfs`,
  },
  {
    phase: 'objcopy',
    script: `printf 'ID=talos\\n' > osrel
printf '%s' "$COMMAND_LINE" > cmdline
printf '%s' "$RELEASE" > uname
objcopy --add-section .osrel=osrel --add-section .cmdline=cmdline --add-section .uname=uname \\
  --add-section .linux="$INPUTS/vmlinuz" --add-section .initrd=initramfs "$INPUTS/systemd-stub.efi" vmlinuz.efi`,
  },
  {
    // The installer's layer and the asset tree, each with the digest that an image needs.
    phase: 'images',
    script: `mkdir -p installer/usr/install/arm64 assets/boot assets/validation out
cp vmlinuz.efi "$INPUTS/systemd-boot.efi" installer/usr/install/arm64/
cp "$INPUTS/vmlinuz" assets/boot/vmlinuz
cp initramfs assets/boot/initramfs.xz
(cd assets && sha256sum boot/* > checksums.sha256)
tar -cf out/installer.tar -C installer .
tar -cf out/assets.tar -C assets .
sha256sum out/*.tar > out/digests`,
  },
]
