// Bonds: siderolabs/talos pkg/machinery/config/types/v1alpha1/v1alpha1_validation.go, checkBond, and the names of
// pkg/machinery/nethelpers.
import type { Fail } from '../check.ts'
import type { View } from '../view.ts'

const WORDS: Readonly<Record<string, readonly string[]>> = {
  mode: ['balance-rr', 'active-backup', 'balance-xor', 'broadcast', '802.3ad', 'balance-tlb', 'balance-alb'],
  xmitHashPolicy: ['', 'layer2', 'layer3+4', 'layer2+3', 'encap2+3', 'encap3+4', 'vlan+srcmac'],
  lacpRate: ['', 'slow', 'fast'],
  arpValidate: ['', 'none', 'active', 'backup', 'all', 'filter', 'filter-active', 'filter-backup'],
  arpAllTargets: ['', 'any', 'all'],
  primaryReselect: ['', 'always', 'better', 'failure'],
  failOverMac: ['', 'none', 'active', 'follow'],
  adSelect: ['', 'stable', 'bandwidth', 'count'],
}
const BALANCED = ['balance-alb', 'balance-tlb']

export function checkBond(bond: View, fail: Fail): void {
  for (const [key, words] of Object.entries(WORDS)) {
    const view = bond.get(key)
    if (!words.includes(view.text))
      fail(view, 'has another value than it can have', {
        expected: words.filter((word) => word !== '').join(', '),
        got: view.text || 'none',
      })
  }
  const monitor = bond.get('miimon')
  for (const key of ['updelay', 'downdelay']) {
    const delay = bond.get(key)
    if (monitor.number === 0 && delay.number !== 0) fail(delay, 'needs miimon')
    else if (monitor.number !== 0 && delay.number % monitor.number !== 0)
      fail(delay, 'is no multiple of miimon', { got: delay.text })
  }
  for (const key of ['arpIPTarget', 'adActorSystem'])
    if (bond.get(key).isText || bond.get(key).size > 0) fail(bond.get(key), 'is not supported')
  checkMode(bond, fail)
}

function checkMode(bond: View, fail: Fail): void {
  const known = bond.get('mode').text
  // A mode that is unknown counts as the first one.
  const mode = WORDS['mode']?.includes(known) === true ? known : 'balance-rr'
  const only = (key: string, isSet: boolean, isFor: boolean): void => {
    if (isSet && !isFor) fail(bond.get(key), `is not for the mode ${mode}`)
  }
  const isBalanced = BALANCED.includes(mode)
  const isLacp = mode === '802.3ad'
  only('lacpRate', bond.get('lacpRate').isText, isLacp)
  only('arpValidate', bond.get('arpValidate').isText, !isLacp && !isBalanced)
  only('primary', bond.get('primary').isText, mode === 'active-backup' || isBalanced)
  only('arpInterval', bond.get('arpInterval').number > 0, !isLacp && !isBalanced)
  only('packetsPerSlave', bond.get('packetsPerSlave').number > 1, mode === 'balance-rr')
  only('tlbDynamicLb', bond.get('tlbDynamicLb').number > 0, isBalanced)
  only('adActorSysPrio', bond.get('adActorSysPrio').number > 0, isLacp)
  only('adUserPortKey', bond.get('adUserPortKey').number > 0, isLacp)
}
