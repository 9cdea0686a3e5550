"""counter.py - which pictures a viewer shows, by the number in each one's strip (clips.py).

Owns the page's part, which reads the strip, and what is told by the numbers: jumps back, and the time between two pictures.
"""
from clips import STRIP_CELLS

FIRST_BIT, BITS = 10, 12

# [ms on performance.now()'s clock, number of the picture in its clip] of each picture shown.
PAGE = """
window.watchNumbers = (pull) => {
    const paper = document.createElement('canvas').getContext('2d', {willReadFrequently: true}), video = pull.video;
    const look = (now, picture) => {
        const cell = Math.floor(video.videoWidth / CELLS / 2) * 2;
        paper.drawImage(video, 0, video.videoHeight - cell, CELLS * cell, cell, 0, 0, CELLS * 4, 4);
        const row = paper.getImageData(0, 2, CELLS * 4, 1).data;
        let number = 0;
        for (let i = FIRST; i < FIRST + BITS; i++) number = number * 2 + (row[(i * 4 + 2) * 4] > 128);
        pull.numbers.push([picture.presentationTime, number]);
        video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
};
""".replace("CELLS", str(STRIP_CELLS)).replace("FIRST", str(FIRST_BIT)).replace("BITS", str(BITS))


def steps(numbers, frames):
    """[(ms since the picture before, pictures forth or, below 0, back)]; frames: of the clip, which is looped."""
    for (before_ms, before), (at_ms, number) in zip(numbers, numbers[1:]):
        step = (number - before) % frames
        yield at_ms - before_ms, step if step <= frames / 2 else step - frames


def jumps_back(numbers, frames):
    """How many pictures back, for each time that an older one followed."""
    return [-step for _, step in steps(numbers, frames) if step < 0]


def catch_ups_ms(numbers, frames):
    """For each jump back: how long it took from the picture before it to one that is newer than that."""
    place = newest = passed = 0
    behind = False
    for ms, step in steps(numbers, frames):
        place += step
        passed = passed + ms if behind or step < 0 else 0
        if behind and place > newest:
            yield passed
        behind = place <= newest and (behind or step < 0)
        newest = max(newest, place)


def longest_ms(numbers):
    return max((ms for ms, _ in steps(numbers, 2)), default=0)
