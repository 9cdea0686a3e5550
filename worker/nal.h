#ifndef WORKER_NAL_H
#define WORKER_NAL_H

#include <stdbool.h>
#include <stdint.h>

/* What there is in H.264 and H.265 alike: NAL units, and what they say. */

/* What a NAL unit is to us. */
enum nal_kind {
	NAL_OTHER,  /* nothing that a decoder of these profiles looks at; broken */
	NAL_SLICE,  /* of a picture that needs others */
	NAL_KEY,    /* slice of a picture at which decoding can begin: IDR; H.265: any IRAP */
	NAL_PART,   /* the rest of a slice in partitions (H.264) */
	NAL_SET,    /* parameter set */
	NAL_SEI,    /* supplemental enhancement information */
	NAL_END,    /* of sequence or stream */
	NAL_AUD,    /* access unit delimiter */
	NAL_FILLER, /* filler data */
};

/* Parameter sets, each of which refers to one of the level above. H.264 has no VPS. */
enum nal_level { NAL_VPS, NAL_SPS, NAL_PPS, NAL_LEVELS };

/* What it takes to put a parameter set in its place, and to read the slices that refer to it. */
struct nal_set {
	enum nal_level level;
	unsigned id;    /* below set_counts[level] */
	unsigned above; /* id of the set that it refers to; 0 of the highest */
	/* H.265's */
	uint8_t poc_bits;         /* SPS: log2_max_pic_order_cnt_lsb */
	uint8_t top_layer;        /* SPS: the highest TemporalId */
	bool colour_planes;       /* SPS: separate_colour_plane_flag */
	bool output_flags;        /* PPS: output_flag_present_flag */
	uint8_t extra_slice_bits; /* PPS: num_extra_slice_header_bits */
};

/* What a sequence parameter set says of the pictures. */
struct nal_format {
	unsigned width; /* luma samples, after cropping */
	unsigned height;
	int reorder_frames; /* a picture comes before at most so many that are shown earlier; -1:
			       not said */
};

/* The start of a slice's header. */
struct nal_slice {
	bool first; /* of its picture */
	unsigned pps_id;
	bool b;          /* of a picture that comes after one that is shown later */
	bool disposable; /* no other picture refers to its picture */
	bool leading;    /* refers to what came before the key picture: who begins there skips it */
};

/* Where pictures stand in the order in which they are shown; H.265's. All zero: nothing is known
 * until the next key picture. */
struct nal_order {
	bool known;
	int64_t anchor; /* picture order count that the next one's is told by */
	int64_t newest; /* the highest since the last key picture */
	bool b;         /* the picture in hand comes after one that is shown later */
};

#endif
