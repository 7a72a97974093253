// Network links: siderolabs/talos pkg/machinery/config/types/network.
import { decodeBase64 } from '#harness/machine-config/go/formats.ts'
import { all, named, type Check, type Checks, type Fail } from '../check.ts'
import { checkExpression } from '../expressions.ts'
import type { View } from '../view.ts'

/** The address of no machine: 0.0.0.0 or ::. */
const UNSPECIFIED = /^(0\.0\.0\.0|[0:]+(:0\.0\.0\.0)?)(\/\d+)?$/

/** link.go, CommonLinkConfig. */
function checkAddresses(link: View, fail: Fail): void {
  for (const item of link.get('addresses').items) {
    const address = item.get('address')
    if (!address.isText) fail(address, 'is required')
    else if (UNSPECIFIED.test(address.text)) fail(address, 'is the address of no machine', { got: address.text })
  }
  for (const route of link.get('routes').items)
    for (const key of ['destination', 'gateway', 'source']) {
      const address = route.get(key)
      if (address.isText && UNSPECIFIED.test(address.text))
        fail(address, 'is the address of no machine', {
          expected: key === 'destination' ? 'no destination, for the default route' : 'an address',
          got: address.text,
        })
    }
}

const common: Check = ({ doc, fail }) => checkAddresses(doc, fail)

export function isWireguardKey(text: string): boolean {
  return decodeBase64(text)?.length === 32
}

/** veth.go. */
function checkVethName(name: View, fail: Fail): void {
  const isName = Buffer.byteLength(name.text) <= 15 && !/^\.{1,2}$|[/:\s\p{C}]/u.test(name.text)
  if (!name.isText) fail(name, 'is required')
  else if (!isName)
    fail(name, 'is no name of a link', {
      expected: 'up to 15 characters, none of them / or : or a space',
      got: name.text,
    })
}

export const LINK_CHECKS: Checks = {
  // bond.go
  BondConfig: all(named, common, ({ doc, fail }) => {
    if (doc.get('links').size === 0) fail(doc.get('links'), 'are required')
    if (!doc.get('bondMode').isSet) fail(doc.get('bondMode'), 'is required')
  }),
  // bridge.go
  BridgeConfig: all(named, common),
  // dummy.go
  DummyLinkConfig: all(named, common),
  // link.go
  LinkConfig: all(named, common),
  // link_alias.go
  LinkAliasConfig: (subject) => {
    const { doc, minor, fail } = subject
    const name = doc.get('name')
    const percent = name.text.indexOf('%')
    if (!name.isText) fail(name, 'is required')
    else if (minor >= 13 && percent >= 0 && (percent === 0 || name.text.slice(percent) !== '%d'))
      fail(name, 'has a placeholder that is not at its end', { expected: 'a name such as net%d', got: name.text })
    const match = doc.get('selector', 'match')
    if (match.isText) checkExpression(subject, match, 'link')
    else fail(match, 'is required')
  },
  // veth.go
  VethConfig: all(common, ({ doc, fail }) => {
    const [name, peer] = [doc.get('name'), doc.get('peer', 'name')]
    checkVethName(name, fail)
    checkVethName(peer, fail)
    if (name.isText && name.text === peer.text) fail(peer, 'is the name of the other end', { got: peer.text })
    checkAddresses(doc.get('peer'), fail)
  }),
  // vlan.go
  VLANConfig: all(named, common, ({ doc, fail }) => {
    const [id, mode, parent] = [doc.get('vlanID'), doc.get('vlanMode'), doc.get('parent')]
    if (id.number === 0 || id.number > 4094)
      fail(id, 'is no id of a VLAN', { expected: '1 to 4094', got: id.text || 'none' })
    if (!parent.isText) fail(parent, 'is required')
    if (mode.isSet && !['802.1q', '802.1ad'].includes(mode.word))
      fail(mode, 'is no mode of a VLAN', { expected: '802.1q, 802.1ad', got: mode.text })
  }),
  // vrf.go
  VRFConfig: all(named, common, ({ doc, fail }) => {
    const table = doc.get('table')
    if (['', 'unspec', 'local', 'main', 'default'].includes(table.word))
      fail(table, 'is no table for a VRF', { expected: '1 to 252', got: table.text || 'none' })
  }),
  // wireguard.go
  WireguardConfig: all(named, common, ({ doc, fail }) => {
    const [key, port] = [doc.get('privateKey'), doc.get('listenPort')]
    if (!isWireguardKey(key.text)) fail(key, key.isText ? 'is no key of WireGuard' : 'is required')
    if (port.number < 0 || port.number > 65535) fail(port, 'is no port', { expected: '0 to 65535', got: port.text })
    for (const peer of doc.get('peers').items) {
      const [publicKey, shared, interval] = [
        peer.get('publicKey'),
        peer.get('presharedKey'),
        peer.get('persistentKeepaliveInterval'),
      ]
      if (!isWireguardKey(publicKey.text)) fail(publicKey, publicKey.isText ? 'is no key of WireGuard' : 'is required')
      if (shared.isText && !isWireguardKey(shared.text)) fail(shared, 'is no key of WireGuard')
      if (interval.duration < 0) fail(interval, 'is negative', { got: interval.text })
    }
  }),
}
