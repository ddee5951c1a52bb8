<?php

/**
 * The stand-in's pages for a browser: STANDIN_DATABASE=shop.db php -S 127.0.0.1:8080 router.php
 */

declare(strict_types=1);

use Panelbridge\Standin\Pages\Html;
use Panelbridge\Standin\Pages\Site;
use Panelbridge\Standin\Shop;
use Panelbridge\Standin\Templates;

require_once dirname(__DIR__) . '/src/autoload.php';

$database = (string) getenv('STANDIN_DATABASE');
$sessions = dirname($database) . '/standin-sessions';
is_dir($sessions) || mkdir($sessions, 0700);
session_save_path($sessions);
session_name('STANDINSESSION');
session_start(['cookie_httponly' => true, 'cookie_samesite' => 'Lax']);
$_SESSION['token'] ??= bin2hex(random_bytes(20));

ob_start();
try {
    $shop = Shop::open($database);
    $shop->boot();
    $path = (string) parse_url((string) $_SERVER['REQUEST_URI'], PHP_URL_PATH);
    $answer = (new Site($shop))->respond($path, $_GET, $_SERVER['REQUEST_METHOD'] === 'POST' ? $_POST : null);
} catch (\Throwable $thrown) {
    error_log($thrown::class . ': ' . $thrown->getMessage());
    $text = '<p>Something went wrong and we could not do as you asked.</p>';
    $answer = ['status' => 500, 'location' => '', 'body' => Html::page('Oops!', $text, 'client')];
}
Templates::forgetCompiled();
ob_end_clean();
http_response_code($answer['status']);
if ($answer['location'] !== '') {
    header('Location: ' . $answer['location']);
}
header('Content-Type: text/html; charset=utf-8');
echo $answer['body'];
