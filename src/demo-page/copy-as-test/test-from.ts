import { quote } from './code.ts';
import { Draft, LAB_OPTIONS } from './draft.ts';
import { Story, type StoryAction, type StoryEvent } from './story.ts';
import { writeAnswer, writeCall, writeHangUp } from './write-calling.ts';
import { writeFault, writeHits } from './write-faults.ts';
import { writeRefresh, writeRegister, writeUnregister } from './write-registering.ts';
import { writeToken } from './write-token.ts';

const MOST_TITLES = 5;
const TIMEOUT_MS = 60_000;

/**
 * A vitest file that does with JsSIP what was done on the page, and expects what was seen there. `users`: users of the lab of the page; all
 * who registered when it is empty.
 */
export function testFrom(
  actions: readonly StoryAction[],
  events: readonly StoryEvent[],
  users: readonly string[],
): string {
  const draft = new Draft(new Story(actions, events));
  for (const action of draft.story.actions) {
    writeAction(draft, action, users);
    writeHits(draft, action);
  }
  if (draft.labUsers.size === 0) draft.labUsers.add(users[0] ?? 'alice');
  return `${[...imports(draft), '', ...helpers(draft), ...theTest(draft)].join('\n')}\n`;
}

function writeAction(draft: Draft, action: StoryAction, users: readonly string[]): void {
  switch (action.kind) {
    case 'register':
      writeRegister(draft, action, users);
      break;
    case 'unregister':
      writeUnregister(draft, action);
      break;
    case 'refresh':
      writeRefresh(draft, action);
      break;
    case 'token':
      writeToken(draft, action);
      break;
    case 'call':
      writeCall(draft, action, users);
      break;
    case 'answer':
    case 'decline':
      writeAnswer(draft, action, users);
      break;
    case 'hang-up':
      writeHangUp(draft, action);
      break;
    case 'fault':
      writeFault(draft, action);
      break;
  }
}

function imports({ needs, lines }: Draft): string[] {
  const uses = (name: string): boolean => lines.some((line) => line.includes(`${name}(`));
  return [
    ...(uses('once') ? [`import { once } from 'node:events';`] : []),
    ...(needs.has('pause') ? [`import { setTimeout as pause } from 'node:timers/promises';`] : []),
    ...(needs.has('calls') ? [`import wrtc from '@roamhq/wrtc'; // RTCPeerConnection for Node`] : []),
    `import JsSIP from 'jssip';`,
    `import { startLab, type Lab } from 'epcscf-turn/testing';`,
    ...(needs.has('turn') ? [`import { attachTurnCredentials } from 'epcscf-turn/wic';`] : []),
    `import { ${uses('expect') ? 'expect, ' : ''}it, onTestFinished } from 'vitest';`,
  ];
}

function helpers({ needs }: Draft): string[] {
  const agent = [
    `function createAgent(lab: Lab, account: { uri: string; password: string }): JsSIP.UA {`,
    `  const agent = new JsSIP.UA({ sockets: new JsSIP.WebSocketInterface(lab.webSocket), ...account });`,
    ...(needs.has('turn') ? [] : [`  agent.registrator().setExtraHeaders(['TURN-Cred-Req: turn']);`]),
    `  onTestFinished(() => agent.stop());`,
    `  return agent;`,
    `}`,
    '',
  ];
  if (!needs.has('calls')) return agent;
  return [
    `const { MediaStream, RTCPeerConnection, RTCSessionDescription, nonstandard } = wrtc;`,
    '',
    ...agent,
    `function media(iceServer: RTCIceServer, iceTransportPolicy: RTCIceTransportPolicy = 'relay') {`,
    `  const mediaStream = new MediaStream([new nonstandard.RTCAudioSource().createTrack()]);`,
    `  return { mediaStream, pcConfig: { iceServers: [iceServer], iceTransportPolicy } };`,
    `}`,
    '',
  ];
}

function theTest({ titles, labUsers, labNeeds, needs, lines }: Draft): string[] {
  const shown = titles.slice(0, MOST_TITLES).join(', ') + (titles.length > MOST_TITLES ? ' and so on' : '');
  const names = [...labUsers].map(quote).join(', ');
  const options = [`users: [${names}]`, ...[...labNeeds].map((need) => LAB_OPTIONS[need])].join(', ');
  const globals = [
    'WebSocket: lab.WebSocket',
    ...(needs.has('calls') ? ['RTCPeerConnection', 'RTCSessionDescription'] : []),
  ];
  return [
    `it(${quote(shown === '' ? 'starts a lab' : shown)}, async () => {`,
    `  await using lab = await startLab({ ${options} });`,
    // JsSIP asks for window only when it calls.
    `  Object.assign(globalThis, { ${[...(needs.has('calls') ? ['window: globalThis'] : []), ...globals].join(', ')} });`,
    ...(lines.length === 0 ? [] : ['', ...lines]),
    `}, ${String(TIMEOUT_MS).replace(/000$/, '_000')});`,
  ];
}
