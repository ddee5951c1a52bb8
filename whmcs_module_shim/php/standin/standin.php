<?php

/**
 * One request to the imitated WHMCS: php standin.php <database-file> <command>, a JSON object on standard
 * input, one JSON object on standard output. See README.md for the commands.
 */

declare(strict_types=1);

use Panelbridge\Standin\Json;
use Panelbridge\Standin\Requests;
use Panelbridge\Standin\Templates;

require_once __DIR__ . '/src/autoload.php';

if ($argc !== 3) {
    fwrite(STDERR, "usage: php standin.php <database-file> <command>\n");
    exit(2);
}
ob_start();
$reply = (new Requests($argv[1]))->serve($argv[2], Json::decode((string) stream_get_contents(STDIN)));
Templates::forgetCompiled();
$stray = (string) ob_get_clean();
if ($stray !== '') {
    $reply['captured']['output'][] = ['by' => 'request', 'text' => $stray];
}
echo Json::encode($reply), "\n";
