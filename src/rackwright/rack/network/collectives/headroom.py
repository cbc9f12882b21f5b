"""Buffer that a lossless port keeps free for what arrives after it has asked for a pause."""

from __future__ import annotations

#: A pause frame, and two inter-frame gaps with preambles. [byte]
PAUSE_BYTE, GAPS_BYTE = 64.0, 40.0


def headroom_byte(
    rate_bit_s: float,
    length_m: float,
    *,
    frame_byte: float = 4200.0,
    delay_s_m: float = 4.9e-9,
    response_s: float = 600e-9,
    extra_s: float = 200e-9,
) -> float:
    """Headroom of one lossless class at one port. [byte]

    The form is that of IEEE 802.1Q, annex on PFC buffer requirements (from knowledge, not opened): two longest frames
    (one just begun at each end), the pause frame, the cable there and back, and the delays of both ends: `response_s`
    until the sender stops, `extra_s` for FEC and the physical layer of both ends, both assumed. A buffer in cells of a
    fixed size needs up to one cell a frame more, which is not in it.

    >>> [round(headroom_byte(400e9, metres)) for metres in (0.0, 100.0)]
    [48504, 97504]
    """
    if rate_bit_s <= 0 or length_m < 0:
        raise ValueError(f"{rate_bit_s:g} bit/s over {length_m:g} m: expected a rate above 0 and no negative length")
    flying_byte = rate_bit_s / 8 * (2 * length_m * delay_s_m + response_s + extra_s)
    return 2 * frame_byte + PAUSE_BYTE + GAPS_BYTE + flying_byte
