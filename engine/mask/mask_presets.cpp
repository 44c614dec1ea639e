// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/mask_presets.h"

#include <algorithm>

namespace longscope {

namespace {

constexpr std::string_view longca = "LongCA-bench";
constexpr std::string_view longca_lengths = "LongCA-bench, with lengths/longca-long.json";
constexpr std::int64_t long_tokens = 65'536;  // the shortest sequence of its distributed runs

}  // namespace

const std::vector<MaskPreset>& mask_presets() {
    static const std::vector<MaskPreset> presets{
        {"full", "every query sees every key", longca, R"({"full": {}})"},
        {"causal", "no query sees what comes later", longca, R"({"causal": {}})"},
        {"full_document", "documents see themselves only", longca, R"({"documents": {}})"},
        {"causal_document", "causal inside each document", longca, R"({"and": [{"causal": {}}, {"documents": {}}]})"},
        {"full_sliding_window", "1,024 keys on both sides", longca, R"({"window": {"left": 1024, "right": 1024}})"},
        {"causal_sliding_window", "the query's own key and 1,024 before it: 1,025 keys", longca,
         R"({"window": {"left": 1024, "right": 0}})"},
        {"shared_question", "answers to one question: the first document is seen by all later ones", longca,
         R"({"shared_question": {}})"},
        {"global_sliding_window", "a window, and first tokens that see everything and are seen by everything", longca,
         R"({"or": [{"global_tokens": {"tokens": 256, "axis": "both"}}, {"window": {"left": 256, "right": 256}}]})"},
        {"causal_blockwise", "demonstrations, and a last document that sees all of them", longca,
         R"({"causal_blockwise": {}})"},
        {"prefix_lm_causal", "causal, and a prefix whose tokens see one another", longca,
         R"({"or": [{"causal": {}}, {"prefix": {"tokens": 1024}}]})"},
        {"prefix_lm_document", "prefix_lm_causal inside each document", longca,
         R"({"or": [{"and": [{"causal": {}}, {"documents": {}}]}, {"prefix_documents": {"tokens": 64}}]})"},
        {"block_causal_document", "blocks of 1,024 tokens, causal from block to block, inside each document", longca,
         R"({"block_causal_documents": {"block": 1024}})"},
        {"uniform_block_sparse", "a fifth of the blocks of 128 x 128, drawn at random for each row of blocks", longca,
         R"({"random_block_sparse": {"q_block": 128, "k_block": 128, "kept": 0.2, "seed": 1}})"},
        {"variable_block_sparse", "the same with blocks of random sizes", longca,
         R"({"variable_block_sparse": {"average": 256, "minimum": 128, "kept": 0.2, "seed": 1}})"},
        {"full_long", "full, of a long sequence", longca, R"({"full": {}})", long_tokens},
        {"causal_long", "causal, of a long sequence", longca, R"({"causal": {}})", long_tokens},
        {"full_document_long",
         "full_document: 40 % of the tokens in a data set's documents, 60 % in those of 8K to 30K", longca_lengths,
         R"({"documents": {}})", long_tokens},
        {"causal_document_long", "causal_document of the same documents", longca_lengths,
         R"({"and": [{"causal": {}}, {"documents": {}}]})", long_tokens},
        {"full_sliding_window_long", "8,192 keys on both sides", longca, R"({"window": {"left": 8192, "right": 8192}})",
         long_tokens},
        {"causal_sliding_window_long", "the query's own key and 8,192 before it: 8,193 keys", longca,
         R"({"window": {"left": 8192, "right": 0}})", long_tokens},
        {"shared_question_long", "shared_question of long documents", longca_lengths, R"({"shared_question": {}})",
         long_tokens},
        {"global_sliding_window_long", "global_sliding_window with 2,048 tokens and as many keys on both sides", longca,
         R"({"or": [{"global_tokens": {"tokens": 2048, "axis": "both"}}, {"window": {"left": 2048, "right": 2048}}]})",
         long_tokens},
        {"causal_blockwise_long", "causal_blockwise of long documents", longca_lengths, R"({"causal_blockwise": {}})",
         long_tokens},
        {"prefix_lm_causal_long", "prefix_lm_causal with a prefix of 8,192 tokens", longca,
         R"({"or": [{"causal": {}}, {"prefix": {"tokens": 8192}}]})", long_tokens},
        {"prefix_lm_document_long", "prefix_lm_document with prefixes of 512 tokens, of long documents", longca_lengths,
         R"({"or": [{"and": [{"causal": {}}, {"documents": {}}]}, {"prefix_documents": {"tokens": 512}}]})",
         long_tokens},
        {"block_causal_document_long", "block_causal_document, of long documents", longca_lengths,
         R"({"block_causal_documents": {"block": 1024}})", long_tokens},
        {"uniform_block_sparse_long", "a tenth of the blocks of 128 x 128: the fewest that it draws", longca,
         R"({"random_block_sparse": {"q_block": 128, "k_block": 128, "kept": 0.1, "seed": 1}})", long_tokens},
        {"variable_block_sparse_long", "a tenth of blocks of 1,024 tokens in the mean: the largest that it draws",
         longca, R"({"variable_block_sparse": {"average": 1024, "minimum": 128, "kept": 0.1, "seed": 1}})",
         long_tokens},
        {"streaming_llm", "the first 4 tokens, and a causal window of 1,024 keys", "StreamingLLM, arXiv 2309.17453",
         R"({"or": [{"sink": {"tokens": 4}}, {"window": {"left": 1023, "right": 0}}]})"},
        {"lambda", "the first 10 tokens, and a causal window of 4,096 keys", "LM-Infinite, arXiv 2308.16137",
         R"({"or": [{"sink": {"tokens": 10}}, {"window": {"left": 4095, "right": 0}}]})"},
        {"a_shape", "the first 1,024 tokens, and a causal window of 4,096 keys", "MInference, arXiv 2407.02490",
         R"({"or": [{"sink": {"tokens": 1024}}, {"window": {"left": 4095, "right": 0}}]})"},
        {"tri_shape", "a_shape, and last queries that see all before them", "SCBench, arXiv 2412.10319",
         R"({"and": [{"causal": {}}, {"or": [{"sink": {"tokens": 128}}, {"window": {"left": 4095, "right": 0}},
             {"last_queries": {"tokens": 128}}]}]})"},
        {"vertical_slash", "chosen columns and diagonals of a causal mask", "MInference, arXiv 2407.02490",
         R"({"vertical_slash": {"columns": [0, 1, 2, 3, 100, 1000],
             "slashes": [0, 1, 2, 3, 4, 5, 6, 7, 128, 512]}})"},
        {"mminference_grid", "the first token of every frame of 256: it sees all before it, and all after it see it",
         "MMInference, arXiv 2504.16083", R"({"grid": {"query_phase": 0, "key_phase": 0, "stride": 256}})"},
        {"mminference_grid_permuted", "the same with the tokens of all frames interleaved: the lines become blocks",
         "MMInference, arXiv 2504.16083",
         R"({"permute": {"axis": "both", "mask": {"grid": {"query_phase": 0, "key_phase": 0, "stride": 256}},
             "order": {"interleave": {"stride": 256}}}})"},
        {"sparse_transformer_strided", "a causal window, and every stride-th key before it",
         "Sparse Transformer, arXiv 1904.10509",
         R"({"and": [{"causal": {}}, {"or": [{"window": {"left": 512, "right": 0}},
             {"strided_diagonals": {"stride": 512}}]}]})"},
        {"sparse_transformer_fixed", "the query's own chunk, and the last keys of each chunk before it",
         "Sparse Transformer, arXiv 1904.10509",
         R"({"and": [{"causal": {}}, {"or": [{"chunked_local": {"chunk": 512}},
             {"strided_columns": {"stride": 512, "first": 480, "width": 32}}]}]})"},
        {"longformer", "a window, and global tokens", "Longformer, arXiv 2004.05150",
         R"({"or": [{"window": {"left": 256, "right": 256}}, {"global_tokens": {"tokens": 64, "axis": "both"}}]})"},
        {"longformer_dilated", "a dilated window, and global tokens", "Longformer, arXiv 2004.05150",
         R"({"or": [{"dilated_window": {"left": 128, "right": 128, "dilation": 4}},
             {"global_tokens": {"tokens": 64, "axis": "both"}}]})"},
        {"bigbird", "blocks beside the query's own, global blocks and random blocks", "BigBird, arXiv 2007.14062",
         R"({"or": [{"block_window": {"block": 64, "left": 1, "right": 1}},
             {"global_tokens": {"tokens": 128, "axis": "both"}},
             {"random_block_sparse": {"q_block": 64, "k_block": 64, "kept": 0.025, "seed": 1}}]})"},
        {"chunked_causal", "causal inside chunks, as the local layers of Llama 4", "Llama 4",
         R"({"and": [{"causal": {}}, {"chunked_local": {"chunk": 8192}}]})"},
        {"longlora", "causal groups of 2,048 tokens: half of the heads", "LongLoRA, arXiv 2309.12307",
         R"({"and": [{"causal": {}}, {"shifted_groups": {"group": 2048, "shift": 0, "guard": true}}]})"},
        {"longlora_shifted", "the same groups moved on by half a group: the other half of the heads",
         "LongLoRA, arXiv 2309.12307",
         R"({"and": [{"causal": {}}, {"shifted_groups": {"group": 2048, "shift": 1024, "guard": true}}]})"},
        {"s2_attention_head", "local blocks, and every 16th block of columns: one head of many",
         "S2-Attention, arXiv 2407.17678",
         R"({"and": [{"causal": {}}, {"or": [{"block_window": {"block": 64, "left": 15, "right": 0}},
             {"strided_columns": {"stride": 1024, "first": 0, "width": 64}}]}]})"},
        {"s2_attention", "the same of all heads of a model with 32: together they see every key",
         "S2-Attention, arXiv 2407.17678",
         R"({"head_shards": {"block": 64, "local": 16, "stride": 16, "heads": 32, "dense": 0, "shared": 1}})"},
        {"duo_attention", "retrieval heads see every key before them, streaming heads the first and the last",
         "DuoAttention, arXiv 2410.10819",
         R"({"per_heads": {"assignments": [{"heads": [0, 16], "mask": {"causal": {}}}],
             "otherwise": {"or": [{"sink": {"tokens": 128}}, {"window": {"left": 255, "right": 0}}]}}})"},
        {"moa", "the first tokens, and windows that grow with the sequence, other ones in each of 8 heads",
         "MoA, arXiv 2406.14909",
         R"({"elastic_window": {"sink": 64, "spans": [[512, 0.0], [512, 0.0], [1024, 0.0], [1024, 0.0],
             [256, 0.125], [256, 0.25], [-512, 0.5], [0, 1.0]]}})"},
        {"longgen", "of 32 layers those in the middle see every key before them, the others the first and the last",
         "LongGen, arXiv 2410.01485",
         R"({"per_heads": {"assignments": [{"layers": [11, 22], "mask": {"causal": {}}}],
             "otherwise": {"or": [{"sink": {"tokens": 64}}, {"window": {"left": 1023, "right": 0}}]}}})"},
        {"lacache", "the first and the last keys, and between them others in each layer, as steps of a ladder",
         "LaCache, arXiv 2507.14204",
         R"({"ladder": {"sink": 4, "recent": 512, "slot": 16, "layers": 32, "span": 16, "overlap": 8}})"},
        {"block_diffusion", "noisy tokens, then the same tokens clean", "BD3-LM, arXiv 2503.09573",
         R"({"block_diffusion": {"block": 16}})"},
    };
    return presets;
}

const MaskPreset* find_mask_preset(std::string_view name) {
    const auto& presets = mask_presets();
    const auto found =
        std::find_if(presets.begin(), presets.end(), [&](const MaskPreset& preset) { return preset.name == name; });
    return found == presets.end() ? nullptr : &*found;
}

}  // namespace longscope
