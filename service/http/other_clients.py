"""What the clients of other services always send, whatever it would do there.

Known by name, so that they pass and anything else that is not known can be refused. Taken from the
code of the clients and of the servers that they were made for.
"""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# lama-cleaner up to 1.2, whose form goes to /inpaint as well; `paintByExampleImage` is a file.
LAMA_CLEANER = _names("""
    ldmSteps ldmSampler zitsWireframe sizeLimit
    hdStrategy hdStrategyCropMargin hdStrategyCropTrigerSize hdStrategyCropTriggerSize
    hdStrategyResizeLimit
    prompt negativePrompt
    useCroper croperX croperY croperHeight croperWidth
    useCropper cropperX cropperY cropperHeight cropperWidth
    useExtender extenderX extenderY extenderHeight extenderWidth
    sdScale sdMaskBlur sdStrength sdSteps sdGuidanceScale sdSampler sdSeed sdMatchHistograms
    enableFreeu freeuConfig enableLCMLora
    cv2Radius cv2Flag
    paintByExampleSteps paintByExampleGuidanceScale paintByExampleSeed paintByExampleMaskBlur
    paintByExampleMatchHistograms paintByExampleImage
    p2pSteps p2pImageGuidanceScale p2pGuidanceScale
    enableControlnet controlnet_conditioning_scale controlnet_method
""")

# IOPaint 1.0 to 1.6, with two names that its web app misspells.
IOPAINT = _names("""
    ldm_steps ldm_sampler zits_wireframe
    hd_strategy hd_strategy_crop_margin hd_strategy_crop_trigger_size hd_strategy_crop_triger_size
    hd_strategy_resize_limit hd_trategy_resize_imit
    prompt negative_prompt
    use_croper croper_x croper_y croper_height croper_width
    use_extender extender_x extender_y extender_height extender_width
    sd_scale sd_mask_blur sd_strength sd_steps sd_guidance_scale sd_sampler sd_seed
    sd_match_histograms sd_outpainting_softness sd_outpainting_space
    sd_freeu sd_freeu_config sd_lcm_lora sd_keep_unmasked_area sd_prevent_unmasked_area
    cv2_flag cv2_radius
    paint_by_example_example_image paint_by_example_steps paint_by_example_guidance_scale
    paint_by_example_mask_blur paint_by_example_seed paint_by_example_match_histograms
    p2p_steps p2p_image_guidance_scale p2p_guidance_scale
    enable_controlnet controlnet_enabled controlnet_conditioning_scale controlnet_method
    enable_brushnet brushnet_method brushnet_conditioning_scale
    enable_powerpaint_v2 powerpaint_task fitting_degree
""")

# OpenAI's image edits: what its reference and its client libraries have beside what is read here.
OPENAI = _names("""
    prompt size quality style background user moderation
    input_fidelity output_compression partial_images
""")
# Clients for Azure's version of that API put these into the query.
AZURE_QUERY = frozenset({"api-version", "deployment"})
