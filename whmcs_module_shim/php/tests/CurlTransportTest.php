<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

use PHPUnit\Framework\TestCase;
use WHMCS\Module\Server\Panelbridge\Wire\CurlTransport;
use WHMCS\Module\Server\Panelbridge\Wire\Request;
use WHMCS\Module\Server\Panelbridge\Wire\TransportError;

/** The wire itself, on sockets of this machine. */
final class CurlTransportTest extends TestCase
{
    /** @var resource */
    private $listener;
    private string $address;

    protected function setUp(): void
    {
        $this->listener = stream_socket_server('tcp://127.0.0.1:0');
        $this->address = stream_socket_get_name($this->listener, false);
    }

    public function testARefusedConnectionSentNothing(): void
    {
        fclose($this->listener);
        $this->assertFails(TransportError::UNREACHABLE, 'http');
    }

    public function testSilenceAfterTheRequestIsUnknown(): void
    {
        $this->assertFails(TransportError::UNANSWERED, 'http');
    }

    public function testAHandshakeThatNeverEndsSentNothing(): void
    {
        $this->assertFails(TransportError::UNREACHABLE, 'https');
    }

    public function testAServerThatSpeaksNoTlsIsUntrusted(): void
    {
        $this->whileServing("HTTP/1.1 400 Bad Request\r\n\r\n", fn () => $this->assertFails(
            TransportError::UNTRUSTED,
            'https'
        ));
    }

    public function testAReplyThatBreaksOffIsUnknown(): void
    {
        $half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
        $this->whileServing($half, fn () => $this->assertFails(TransportError::UNANSWERED, 'http'));
    }

    public function testAReply(): void
    {
        $whole = "HTTP/1.1 409 Conflict\r\nContent-Type: application/problem+json\r\nContent-Length: 2\r\n\r\n{}";
        $this->whileServing($whole, function (): void {
            $reply = (new CurlTransport())->send($this->request('http'));
            $read = [$reply->status, $reply->contentType, $reply->body];
            self::assertSame([409, 'application/problem+json', '{}'], $read);
        });
    }

    public function testARedirectIsNotFollowed(): void
    {
        $moved = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
        $this->whileServing($moved, function (): void {
            self::assertSame(302, (new CurlTransport())->send($this->request('http'))->status);
        });
    }

    private function assertFails(string $kind, string $scheme): void
    {
        try {
            (new CurlTransport())->send($this->request($scheme));
            self::fail('there was a reply');
        } catch (TransportError $error) {
            self::assertSame($kind, $error->kind, $error->getMessage());
        }
    }

    private function request(string $scheme): Request
    {
        $headers = ['Authorization' => 'Bearer x', 'Content-Type' => 'application/json'];
        return new Request($scheme . '://' . $this->address . '/v1/whmcs/Plans', $headers, '{}', 0.5, 0.5);
    }

    /** A second process answers one connection with these bytes and hangs up. */
    private function whileServing(string $bytes, callable $act): void
    {
        $child = pcntl_fork();
        if ($child === 0) {
            $connection = stream_socket_accept($this->listener, 5);
            fread($connection, 4096);
            fwrite($connection, $bytes);
            fclose($connection);
            posix_kill(posix_getpid(), SIGKILL);
        }
        try {
            $act();
        } finally {
            posix_kill($child, SIGKILL);
            pcntl_waitpid($child, $status);
        }
    }
}
