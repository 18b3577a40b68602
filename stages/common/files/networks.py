"""Files of `download`, `train` and `evaluate`: the images, the networks, their accuracy."""

from stages.common.files.declaration import NETWORK, File

# fmt: off
DATASET = File("data/raw/dataset.npz", "download", "The images, verified and split.", """
    fit_images: uint8 (f, side, side), pixels from 0, background, to 255, ink
    fit_labels: uint8 (f), class
    fit_index: int32 (f), row of the source's training images, or of all where it has no split
    validation_images: uint8 (v, side, side), pixels
    validation_labels: uint8 (v), class
    validation_index: int32 (v), the same
    test_images: uint8 (t, side, side), pixels
    test_labels: uint8 (t), class
    test_index: int32 (t), row of the source's test images, or of all where it has no split
    class_names: str (classes), by class
    name: str (), of the dataset""")
WEIGHTS = File("data/models/{model}-{seed}/model.weights.h5", "train",
    "The trained weights in Keras's format, without the optimizer's state.")
LOGITS = File("data/models/{model}-{seed}/logits.npz", "train", "What a network answers.", """
    validation_logits: float32 (v, classes), of all images of the split
    test_logits: float32 (t, classes), of all images of the split""")
SHIFT_LOGITS = File("data/models/{model}-{seed}/shift_logits.npz", "train",
    "What it answers to a class-balanced sample of test images, translated.", """
    index: int32 (m), row of the test images
    shifts: int32 (s, 2), pixels down and right
    logits: float32 (s, m, classes), under each shift""")
HISTORY = File("data/models/{model}-{seed}/history.csv", "train", "A row an epoch.", """
    epoch: int, from 1
    loss accuracy: float, of fit images while the weights change; losses in nats, with penalties
    val_loss val_accuracy: float, of validation images
    learning_rate: float, at the end of the epoch""")
TIMINGS = File("data/timings/train-{model}-{seed}.json", "train",
    "`device`, `seconds` and `epoch_seconds` of the training; apart, since it differs every time.")
ACCURACY = File("data/evaluation/accuracy.csv", "evaluate", "A row a network and split.", f"""
    {NETWORK}
    split: str, validation or test
    n errors: int, images
    accuracy low high: float, of answers among all classes, with its Wilson interval""")
PAIR = File("data/evaluation/pair.csv", "evaluate",
    "Test images of a and b with the other as answer among all classes: a row a network.", f"""
    {NETWORK}
    n a_as_b b_as_a errors: int, images; errors are both kinds together
    low high: float, Wilson interval of errors / n""")
MCNEMAR = File("data/evaluation/mcnemar.csv", "evaluate",
    "CNN against MLP on the same test images: a row a seed and scope.", """
    seed: int, of the training
    scope: str, all test images, or those of the pair
    both_right only_cnn_right only_mlp_right both_wrong: int, images
    p_value: float, exact McNemar test""")
CONFUSION = File("data/evaluation/confusion.csv", "evaluate", "Answers to test images.", f"""
    {NETWORK}
    actual predicted count: int, class; answer; images""")
WRONG_IMAGES = File("data/evaluation/wrong_images.csv", "evaluate",
    "Test images of the pair that some network answers wrongly, among all classes: a row a model "
    "and image.", """
    model: str, cnn or mlp
    index label networks: int, row of the test images; class; networks that answer it wrongly""")
SHARED_ERRORS = File("data/evaluation/shared_errors.csv", "evaluate",
    "On how many of these images networks err together: a row a model and number of networks.", """
    model: str, cnn or mlp
    networks images: int, that answer an image wrongly; images
    expected: float, images if every network erred as often, but on images at random""")
TRANSLATION = File("data/evaluation/translation.csv", "evaluate",
    "Accuracy on translated test images: a row a network and distance.", f"""
    {NETWORK}
    pixels images: int, distance; images of the sample
    accuracy: float, all classes, mean over up, down, left and right""")
EVALUATION_RESAMPLES = File("data/evaluation/resamples.csv", "evaluate",
    "What claims read, on resamples of the test images: a row a seed and resample. See "
    "common/resampling.py.", """
    seed resample pixels: int, of the training; 0 is the images as they are; farthest translation
    only_cnn_right only_mlp_right: float, images of the pair that one network alone answers rightly
    won: float, share of these that the CNN has, half an image added to each
    cnn_in_place cnn_translated mlp_in_place mlp_translated: float?, accuracy, the farthest
    change: float?, accuracy of the CNN, translated minus in place
    spared: float?, accuracy that it costs the MLP minus what it costs the CNN""")
