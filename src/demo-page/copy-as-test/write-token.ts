import { quote } from './code.ts';
import { type Draft } from './draft.ts';
import { type StoryAction } from './story.ts';

/** Has an access token tried at the TURN server, as the page had it tried by the lab. */
export function writeToken(draft: Draft, action: StoryAction): void {
  const { user } = action;
  const isGranted = draft.story.after(action).some(({ type }) => type === 'allocation-created');
  draft.labNeeds.add('tokens');
  draft.labUsers.add(user);
  draft.titles.push(`${user} ${isGranted ? 'has a relay' : 'is refused one'} by an access token`);
  draft.write(
    `expect(await lab.tryAllocate(lab.mintToken(${quote(user)}))).toMatchObject({ granted: ${String(isGranted)} });`,
  );
}
