const WIDTH = 640;
const HEIGHT = 360;
const PICTURES_PER_SEC = 15;
const TONE_HZ = 440;
const TONE_VOLUME = 0.05;

export interface LocalMedia {
  readonly stream: MediaStream;
  stop(): void;
}

export async function cameraAndMicrophone(): Promise<LocalMedia> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  return {
    stream,
    stop() {
      for (const track of stream.getTracks()) track.stop();
    },
  };
}

/** A moving picture and a quiet tone: a call without devices, and without a permission prompt. */
export function testPictureAndTone(caption: string): LocalMedia {
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  // A hidden window gets no animation frames, but must go on sending.
  const drawing = setInterval(() => {
    draw(canvas, caption);
  }, 1000 / PICTURES_PER_SEC);
  const stream = canvas.captureStream(PICTURES_PER_SEC);
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  const output = audio.createMediaStreamDestination();
  tone.frequency.value = TONE_HZ;
  volume.gain.value = TONE_VOLUME;
  tone.connect(volume).connect(output);
  tone.start();
  for (const track of output.stream.getAudioTracks()) stream.addTrack(track);
  return {
    stream,
    stop() {
      clearInterval(drawing);
      tone.stop();
      void audio.close();
      for (const track of stream.getTracks()) track.stop();
    },
  };
}

function draw(canvas: HTMLCanvasElement, caption: string): void {
  const pen = canvas.getContext('2d');
  if (!pen) return;
  const now = new Date();
  const hue = (now.getTime() / 50) % 360;
  const turn = now.getTime() / 1000;
  pen.fillStyle = `hsl(${hue} 45% 22%)`;
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  pen.fillStyle = `hsl(${(hue + 180) % 360} 70% 62%)`;
  pen.beginPath();
  pen.arc(WIDTH / 2 + Math.cos(turn) * 220, HEIGHT / 2 + Math.sin(turn * 2) * 90, 26, 0, Math.PI * 2);
  pen.fill();
  pen.fillStyle = '#fff';
  pen.textAlign = 'center';
  pen.font = '600 64px system-ui, sans-serif';
  pen.fillText(caption, WIDTH / 2, HEIGHT / 2 + 8);
  pen.font = '28px ui-monospace, monospace';
  pen.fillText(now.toISOString().slice(11, 21), WIDTH / 2, HEIGHT / 2 + 58);
}
